//! The League's tree of Hebei (facts: charity 11): the province, its 11 cities, the counties below their city; 雄安 with its
//! three counties, 辛集 and 定州 directly below the province, whatever the divisions say.

use std::collections::HashMap;

use domain::unit::UnitKind;
use domain::{UnitId, UnitPath, division};
use entity::unit;
use sea_orm::{EntityTrait, Set};
use serde_json::json;

use super::{Organisation, OrganisationError, taken, told};

/// The code of the province's unit.
const PROVINCE: &str = "hebei";
/// The code of 雄安, which is no division.
const XIONGAN: &str = "xiongan";
/// 雄县, 容城, 安新: divisions of 保定, managed by 雄安.
const OF_XIONGAN: [&str; 3] = ["130629", "130632", "130638"];
/// 辛集 and 定州: counties that the province manages itself.
const OF_THE_PROVINCE: [&str; 2] = ["130181", "130682"];

impl Organisation {
    /// Plants what is missing of the tree and answers how many units that were. Units that stand are left as they are.
    /// Two statements and a line of the trail.
    pub async fn plant(&self) -> Result<u64, OrganisationError> {
        let (now, today) = (self.clock.now(), self.clock.today());
        let tx = self.db.begin().await?;
        let standing = unit::Entity::find().all(&tx).await?;
        let mut known: HashMap<String, (UnitId, UnitPath)> =
            standing.into_iter().map(|row| (row.code, (row.id, row.path))).collect();
        let mut fresh = Vec::new();
        for (code, parent, name, kind, division) in tree(today) {
            if known.contains_key(&code) {
                continue;
            }
            let (parent_id, above) = match parent.and_then(|parent| known.get(parent)) {
                Some((id, path)) => (Some(*id), path.clone()),
                None => (None, UnitPath::whole()),
            };
            let (id, path) = (UnitId::new(), above.below(&code)?);
            known.insert(code.clone(), (id, path.clone()));
            fresh.push(unit::ActiveModel {
                id: Set(id),
                parent_id: Set(parent_id),
                code: Set(code),
                name: Set(name),
                kind: Set(kind),
                division: Set(division),
                path: Set(path),
                active: Set(true),
                created_us: Set(now),
            });
        }
        let planted = fresh.len() as u64;
        if planted > 0 {
            unit::Entity::insert_many(fresh).exec_without_returning(&tx).await.map_err(taken)?;
            told(&tx, now, None, "unit.plant", format!("unit:{PROVINCE}"), json!({ "planted": planted })).await?;
            tx.commit().await?;
        }
        Ok(planted)
    }
}

type Planted = (String, Option<&'static str>, String, UnitKind, Option<String>);

/// The units, parents first.
fn tree(today: domain::BusinessDate) -> Vec<Planted> {
    let named = |name: &str| format!("共青团{name}委员会");
    let mut units: Vec<Planted> =
        vec![(PROVINCE.to_owned(), None, named("河北省"), UnitKind::Province, Some("13".to_owned()))];
    let xiongan = (XIONGAN.to_owned(), Some(PROVINCE), "共青团河北雄安新区工作委员会".to_owned(), UnitKind::City, None);
    let standing = |code: &&str| division::standing(code, today).is_some();
    let codes: Vec<&'static str> = division::hebei().iter().map(|division| division.code).filter(standing).collect();
    let below = |length: usize| codes.iter().filter(move |code| code.len() == length);
    let of = |code: &&'static str| division::standing(code, today);
    for city in below(4).filter_map(of) {
        units.push((
            city.code.to_owned(),
            Some(PROVINCE),
            named(city.name),
            UnitKind::City,
            Some(city.code.to_owned()),
        ));
    }
    units.push(xiongan);
    for county in below(6).filter_map(of) {
        let parent = if OF_XIONGAN.contains(&county.code) {
            Some(XIONGAN)
        } else if OF_THE_PROVINCE.contains(&county.code) {
            Some(PROVINCE)
        } else {
            county.parent
        };
        let code = county.code.to_owned();
        units.push((code.clone(), parent, named(county.name), UnitKind::County, Some(code)));
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_has_its_units_and_each_a_parent_before_it() {
        let units = tree("2026-11-22".parse().unwrap());
        assert_eq!(units.len(), 1 + 11 + 1 + 167);
        for (at, (code, parent, ..)) in units.iter().enumerate() {
            let before = |parent: &str| units[..at].iter().any(|unit| unit.0 == parent);
            assert!(parent.map_or(code == PROVINCE, before), "{code}");
        }
        let parent = |code: &str| units.iter().find(|unit| unit.0 == code).unwrap().1;
        assert_eq!(
            (parent("130502"), parent("130682"), parent("130638")),
            (Some("1305"), Some("hebei"), Some("xiongan"))
        );
    }
}
