//! The organisation tree. A unit's place never changes; it can be renamed, closed and opened again.

use domain::role::{Member, Role};
use domain::unit::UnitKind;
use domain::{UnitId, UnitPath, division};
use entity::{Tx, unit};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::{Organisation, OrganisationError, sized, taken, told};

/// A unit to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUnit {
    /// Made by the client.
    pub id: UnitId,
    /// What it is below.
    pub parent: UnitId,
    /// A word for it, unique in the whole tree.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Where it is.
    pub division: Option<String>,
}

impl Organisation {
    /// Makes a unit below another. An administrator of that part of the tree.
    pub async fn create_unit(&self, new: NewUnit, by: &Member) -> Result<unit::Model, OrganisationError> {
        by.must_be(&[Role::Admin])?;
        let now = self.clock.now();
        let name = sized(&new.name, 60, "name", "名称为1至60个字")?;
        let known = |code: &String| division::standing(code.get(..6).unwrap_or(code), self.clock.today()).is_some();
        if !new.division.as_ref().is_none_or(known) {
            return Err(OrganisationError::Invalid { field: "division", problem: "没有这个行政区划代码" });
        }
        let tx = self.db.begin().await?;
        if let Some(standing) = unit::Entity::find_by_id(new.id).one(&tx).await? {
            by.may(&[Role::Admin], &standing.path)?;
            let same = (standing.parent_id, &standing.code, &standing.name, standing.kind, &standing.division)
                == (Some(new.parent), &new.code, &name, new.kind, &new.division);
            return if same { Ok(standing) } else { Err(OrganisationError::IdReused) };
        }
        let parent = locked(&tx, new.parent).await?;
        by.may(&[Role::Admin], &parent.path)?;
        if !parent.active {
            return Err(OrganisationError::UnitClosed);
        }
        let row = unit::ActiveModel {
            id: Set(new.id),
            parent_id: Set(Some(parent.id)),
            path: Set(parent.path.below(&new.code)?),
            code: Set(new.code),
            name: Set(name),
            kind: Set(new.kind),
            division: Set(new.division),
            active: Set(true),
            created_us: Set(now),
        };
        let row = row.insert(&tx).await.map_err(taken)?;
        told(&tx, now, Some(by), "unit.create", object(row.id), json!({ "path": row.path, "kind": row.kind })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Gives a unit another name.
    pub async fn rename_unit(&self, id: UnitId, name: &str, by: &Member) -> Result<unit::Model, OrganisationError> {
        by.must_be(&[Role::Admin])?;
        let name = sized(name, 60, "name", "名称为1至60个字")?;
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        by.may(&[Role::Admin], &row.path)?;
        if row.name == name {
            return Ok(row);
        }
        let detail = json!({ "before": row.name, "after": name });
        let mut row: unit::ActiveModel = row.into();
        row.name = Set(name);
        let row = row.update(&tx).await?;
        told(&tx, self.clock.now(), Some(by), "unit.rename", object(id), detail).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Closes a unit, which then takes nothing new, or opens it again. Units below a closed one are closed, those above an
    /// open one open.
    pub async fn set_unit_active(
        &self,
        id: UnitId,
        active: bool,
        by: &Member,
    ) -> Result<unit::Model, OrganisationError> {
        by.must_be(&[Role::Admin])?;
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        by.may(&[Role::Admin], &row.path)?;
        if row.active == active {
            return Ok(row);
        }
        if active {
            if let Some(parent) = row.parent_id
                && !locked(&tx, parent).await?.active
            {
                return Err(OrganisationError::UnitClosed);
            }
        } else {
            let open = unit::Entity::find().filter(unit::Column::ParentId.eq(id)).filter(unit::Column::Active.eq(true));
            if open.count(&tx).await? > 0 {
                return Err(OrganisationError::UnitInUse);
            }
        }
        let mut row: unit::ActiveModel = row.into();
        row.active = Set(active);
        let row = row.update(&tx).await?;
        let action = if active { "unit.open" } else { "unit.close" };
        told(&tx, self.clock.now(), Some(by), action, object(id), json!({})).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The whole tree, parents before what is below them. Who manages is no secret among staff.
    pub async fn units(&self) -> Result<Vec<unit::Model>, OrganisationError> {
        Ok(unit::Entity::find().order_by_asc(unit::Column::Path).all(self.db.read()).await?)
    }

    /// A unit by its code.
    pub async fn unit(&self, code: &str) -> Result<unit::Model, OrganisationError> {
        let row = unit::Entity::find().filter(unit::Column::Code.eq(code)).one(self.db.read()).await?;
        row.ok_or(OrganisationError::NoSuchUnit)
    }

    /// Where a unit stands.
    pub async fn path(&self, id: UnitId) -> Result<UnitPath, OrganisationError> {
        let row = unit::Entity::find_by_id(id).one(self.db.read()).await?;
        Ok(row.ok_or(OrganisationError::NoSuchUnit)?.path)
    }
}

fn object(id: UnitId) -> String {
    format!("unit:{id}")
}

/// A unit, held so that nothing is put below it meanwhile.
pub(super) async fn locked(tx: &Tx, id: UnitId) -> Result<unit::Model, OrganisationError> {
    let row = unit::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(OrganisationError::NoSuchUnit)
}
