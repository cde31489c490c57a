//! Data keys: one for each customer, one for each account, one for what is nobody's, and one for each day of the record.
//!
//! What belongs to an account is sealed under the account's own key, because several customers may hold it. A key is made when
//! something is first sealed for its owner, and read in the same transaction ever after: nobody seals under a key that was destroyed
//! a moment ago. The record seals a value for every call, more than one key should see in the life of a bank; hence its key of each day.
//! When the master key changes, the keys are wrapped anew and no value is touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::random;
use lombard_domain::secret::Secret;
use lombard_domain::time::Date;

use crate::crypt::{DataKey, Place};
use crate::db::{Room, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::master::{self, Masters};
use crate::stored::{self, MANY};

/// Whose values a key seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Account(AccountId),
    Bank,
    Customer(CustomerId),
    /// What the record tells of callers who are no customers, on this day (UTC).
    Record(Date),
}

impl Owner {
    /// As it is stored. Identifiers say of which kind they are, and none begins like the bank's own names.
    fn name(self) -> String {
        match self {
            Self::Account(id) => id.to_string(),
            Self::Bank => "bank".to_owned(),
            Self::Customer(id) => id.to_string(),
            Self::Record(day) => format!("record {day}"),
        }
    }
}

/// The keys under which a transaction seals.
pub(crate) struct Sealing {
    room: Arc<Room>,
    of: HashMap<Owner, Arc<DataKey>>,
}

impl Sealing {
    /// Seals a value of this owner, whose key was asked for.
    pub(crate) fn seal(&self, owner: Owner, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.of.get(&owner).ok_or(Error::Corrupt("a data key that was not asked for"))?;
        self.room.crypt().seal(key, place, plain)
    }
}

/// The keys of these owners; those that are missing are made.
pub(crate) async fn of(tx: &mut Tx, owners: impl IntoIterator<Item = Owner>) -> Result<Sealing> {
    let room = tx.room()?;
    // In one order everywhere, so that two transactions never wait for each other.
    let mut missing = BTreeMap::new();
    let mut of = HashMap::new();
    for owner in owners {
        let at_hand = if let Owner::Record(day) = owner { room.of_the_day(day) } else { None };
        match at_hand {
            Some(key) => drop(of.insert(owner, key)),
            None => drop(missing.insert(owner.name(), owner)),
        }
    }
    if missing.is_empty() {
        return Ok(Sealing { room, of });
    }
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            make(tx, &room, missing.keys()).await?;
        }
        for (owner, key) in find(tx, &room, missing.keys()).await? {
            let Some(owner) = missing.remove(&owner) else { continue };
            if let (Owner::Record(day), false) = (owner, tx.makes_keys()) {
                // It was there before, so it stays whatever becomes of this transaction.
                room.keep_of_the_day(day, key.clone());
            }
            of.insert(owner, key);
        }
        if missing.is_empty() {
            return Ok(Sealing { room, of });
        }
    }
    Err(Error::Busy(None))
}

/// The bank's own key, which is never destroyed; made if the database is new.
pub(crate) async fn bank(tx: &mut Tx) -> Result<Arc<DataKey>> {
    let sealing = of(tx, [Owner::Bank]).await?;
    sealing.of.get(&Owner::Bank).cloned().ok_or(Error::Corrupt("the bank's data key"))
}

/// Keys with the names of their owners.
async fn find(tx: &mut Tx, room: &Room, owners: impl Iterator<Item = &String>) -> Result<Vec<(String, Arc<DataKey>)>> {
    let owners: Vec<&str> = owners.map(String::as_str).collect();
    let masters = tx.room()?.masters();
    stored::by_ids(
        tx,
        "-- data_key::find
        SELECT id, owner, master, wrapped FROM data_key
        WHERE owner IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &owners,
        |row| Ok((row.get(1)?, unwrapped(room, &masters, row)?)),
    )
    .await
}

/// Makes keys for those owners who have none; another node may be faster, and then its keys count.
async fn make(tx: &mut Tx, room: &Room, owners: impl Iterator<Item = &String>) -> Result<()> {
    let current = master::current(tx).await?.ok_or(Error::Corrupt("master_key"))?;
    let masters = tx.room()?.masters();
    let (master, random) = (masters.find(&current)?, room.crypt().random());
    let mut rows = Vec::new();
    for owner in owners {
        // Numbers above zero, which is nobody's.
        let id = i64::from_be_bytes(random::bytes(random)) & i64::MAX;
        let wrapped = master.wrap(random, id, owner, &Secret::new(random::bytes(random)))?;
        rows.push((id, owner, wrapped));
    }
    let sets: Vec<[Value<'_>; 4]> =
        rows.iter().map(|(id, owner, wrapped)| -> [Value<'_>; 4] { [id, owner, &current, wrapped] }).collect();
    tx.make_keys();
    tx.exec_many(
        "-- data_key::make
        INSERT INTO data_key (id, owner, master, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &sets,
    )
    .await?;
    Ok(())
}

/// Unwraps and holds the keys with these numbers, which values were found to be sealed under.
///
/// A key that is not there was destroyed, and what was sealed under it with it.
pub(crate) async fn fetch(tx: &mut Tx, ids: &BTreeSet<i64>) -> Result<()> {
    let room = tx.room()?;
    let masters = tx.room()?.masters();
    let ids: Vec<i64> = ids.iter().copied().collect();
    for chunk in ids.chunks(MANY) {
        let filler = chunk.last().into_iter().cycle();
        let params: Vec<Value<'_>> = chunk.iter().chain(filler).take(MANY).map(|id| -> Value<'_> { id }).collect();
        let found = tx
            .rows(
                "-- data_key::fetch
                SELECT id, owner, master, wrapped FROM data_key
                WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                    $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
                &params,
                |row| unwrapped(&room, &masters, row),
            )
            .await?;
        for id in chunk.iter().filter(|id| found.iter().all(|key| key.id != **id)) {
            room.crypt().lose(*id);
        }
    }
    Ok(())
}

/// The key of a row, from now on held.
fn unwrapped(room: &Room, masters: &Masters, row: &Row<'_>) -> Result<Arc<DataKey>> {
    let id: i64 = row.get(0)?;
    if let Some(key) = room.crypt().held(id) {
        return Ok(key);
    }
    let (owner, master, wrapped): (String, String, Vec<u8>) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let key = Arc::new(DataKey::new(id, &masters.find(&master)?.unwrap(id, &owner, &wrapped)?)?);
    room.crypt().hold(key.clone());
    Ok(key)
}

/// Wraps up to `limit` keys anew, which a former master key had wrapped; how many were found.
///
/// Nobody who uses a key notices. It may be broken off and begun again, and several may do it at once.
///
/// # Errors
/// [`Error::WrongMasterKey`] if a former master key is not configured any more.
pub async fn rewrap(tx: &mut Tx, limit: i64) -> Result<usize> {
    let room = tx.room()?;
    let masters = tx.room()?.masters();
    let random = room.crypt().random();
    let current = master::current(tx).await?.ok_or(Error::Corrupt("master_key"))?;
    let to = masters.find(&current)?;
    let rows = tx
        .all(
            "-- data_key::former
            SELECT id, owner, master, wrapped FROM data_key
            WHERE master IN (SELECT number FROM master_key WHERE number <> $1) LIMIT $2",
            &[&current, &limit],
            |row| {
                let (id, owner, from): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let key = masters.find(&from)?.unwrap(id, &owner, &row.get::<Vec<u8>>(3)?)?;
                Ok((id, from, to.wrap(random, id, &owner, &key)?))
            },
        )
        .await?;
    let sets: Vec<[Value<'_>; 4]> =
        rows.iter().map(|(id, from, wrapped)| -> [Value<'_>; 4] { [&current, wrapped, id, from] }).collect();
    tx.exec_many(
        "-- data_key::rewrap
        UPDATE data_key SET master = $1, wrapped = $2 WHERE id = $3 AND master = $4",
        &sets,
    )
    .await?;
    Ok(rows.len())
}

/// How many keys there are, and how many of them a former master key wrapped.
///
/// # Errors
/// When the database fails.
pub async fn count(tx: &mut Tx) -> Result<(i64, i64)> {
    let current = master::current(tx).await?.unwrap_or_default();
    let counted = tx
        .one(
            "-- data_key::count
            SELECT COUNT(*), COUNT(CASE WHEN master <> $1 THEN 1 END) FROM data_key",
            &[&current],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// Destroys the keys of these owners, and with them whatever they had sealed; how many there were.
pub(crate) async fn destroy(tx: &mut Tx, owners: &[Owner]) -> Result<u64> {
    let room = tx.room()?;
    let names: Vec<String> = owners.iter().map(|owner| owner.name()).collect();
    let found = find(tx, &room, names.iter()).await?;
    let sets: Vec<[Value<'_>; 1]> = names.iter().map(|name| -> [Value<'_>; 1] { [name] }).collect();
    let touched = tx
        .exec_many(
            "-- data_key::destroy
            DELETE FROM data_key WHERE owner = $1",
            &sets,
        )
        .await?;
    found.iter().for_each(|(_, key)| room.crypt().drop_key(key.id));
    Ok(touched.iter().sum())
}

/// How often a key is looked for and made before somebody else must be at it.
const ATTEMPTS: usize = 4;
