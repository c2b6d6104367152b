//! What an import writes beside events: the file as it came, the bank's numbers of facts we knew, and what the bank last said of each loan.

use std::collections::BTreeMap;

use domain::bank_file::{BankFile, class_of};
use domain::loan::overdue::Class;
use domain::{LoanEventId, LoanProgrammeId, Money};
use entity::{Rows, Tx, loan_file, loan_programme};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

/// Writes a file down, what it found with it. It never changes.
pub async fn add(tx: &Tx, row: loan_file::Model) -> Result<(), DbErr> {
    row.into_active_model().insert(tx).await.map(|_| ())
}

/// The last file of a programme.
pub async fn last(db: &impl ConnectionTrait, id: LoanProgrammeId) -> Result<Option<loan_file::Model>, DbErr> {
    let files = loan_file::Entity::find().filter(loan_file::Column::ProgrammeId.eq(id));
    files.order_by_desc(loan_file::Column::Sequence).one(db).await
}

/// The first file of a programme: what happened before it was never to be told.
pub async fn first(db: &impl ConnectionTrait, id: LoanProgrammeId) -> Result<Option<loan_file::Model>, DbErr> {
    numbered(db, id, 1).await
}

/// A file by its number.
pub async fn numbered(
    db: &impl ConnectionTrait,
    id: LoanProgrammeId,
    sequence: i64,
) -> Result<Option<loan_file::Model>, DbErr> {
    let files = loan_file::Entity::find().filter(loan_file::Column::ProgrammeId.eq(id));
    files.filter(loan_file::Column::Sequence.eq(sequence)).one(db).await
}

/// Facts we knew learn the bank's number.
pub async fn learn(tx: &Tx, pairs: &[(LoanEventId, String)]) -> Result<(), DbErr> {
    if pairs.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .uuid("id", pairs.iter().map(|(id, _)| id.uuid()))
        .text("serial", pairs.iter().map(|(_, serial)| serial.clone()));
    let sql = "UPDATE loan_event SET serial = r.serial FROM {rows} WHERE loan_event.id = r.id";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [])).await.map(|_| ())
}

/// What the bank last said of each loan stands beside what we reckon.
pub async fn remember(tx: &Tx, programme: &loan_programme::Model, file: &BankFile) -> Result<(), DbErr> {
    let mut said: BTreeMap<&str, (Money, Class)> = BTreeMap::new();
    said.extend(file.details.iter().map(|one| (one.contract.as_str(), (one.balance, one.class))));
    said.extend(file.positions.iter().map(|one| (one.contract.as_str(), (one.balance, one.class))));
    if said.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .text("number", said.keys().copied())
        .int("fen", said.values().map(|(balance, _)| balance.fen()))
        .text("class", said.values().map(|(_, class)| class_of(*class)));
    let sql = "UPDATE loan_standing SET bank_day = $1, bank_balance_fen = r.fen, bank_class = r.class FROM {rows} \
               JOIN loan_contract c ON c.number = r.number AND c.bank_id = $2 WHERE loan_standing.contract_id = c.id";
    let values = [file.day.into(), programme.bank_id.into()];
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await.map(|_| ())
}
