//! What somebody who can write to the store may do to the log, and how it is found.

use std::sync::Arc;

use redb::backends::InMemoryBackend;

use super::*;
use crate::store::{Batch, RedbStore};

const ROWS: u64 = 5;

fn row(number: u64) -> AuditRow {
    AuditRow {
        at: Timestamp::from_millis(number.cast_signed()),
        event: format!("Event{number}"),
        caller: "arn:aws:iam::123456789012:root".to_owned(),
        secret_arn: arn("us-east-1", "app", "AbCdEf"),
        version_id: None,
        detail: None,
    }
}

fn arn(region: &str, name: &str, suffix: &str) -> String {
    format!("arn:aws:secretsmanager:{region}:123456789012:secret:{name}-{suffix}")
}

async fn append(store: &dyn Store, number: u64) {
    store.commit(Batch::new().append(log(), row(number).to_bytes())).await.unwrap();
}

/// A store with rows 1 to `rows`.
async fn store_of(rows: u64) -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(RedbStore::with_backend(InMemoryBackend::new()).unwrap());
    for number in 1..=rows {
        append(&*store, number).await;
    }
    store
}

async fn stored(store: &dyn Store, key: &Key) -> Vec<u8> {
    store.load(key).await.unwrap().expect("it is there").value
}

/// How the log is tampered with.
#[derive(Clone, Debug)]
enum Tampering {
    /// Nothing is done to it.
    None,
    /// One bit of the byte at this place of a row is another.
    Byte(u64, usize),
    /// A row is cut after so many bytes.
    Cut(u64, usize),
    Remove(u64),
    Swap(u64, u64),
    /// The row is removed and the later ones move up.
    Close(u64),
    /// All rows from this one on are removed.
    Tail(u64),
    /// The same, and the head is set back to fit.
    TailAndHead(u64),
    /// Only the head is set back to this row.
    Head(u64),
    RemoveHead,
    DamageHead,
    /// The row is another one, and all that follows is computed anew.
    Forge(u64),
}

impl Tampering {
    async fn apply(&self, store: &dyn Store) {
        let at = |number| log().entry(number);
        let batch = Batch::new();
        let batch = match *self {
            Self::None => batch,
            Self::Byte(number, place) => {
                let mut bytes = stored(store, &at(number)).await;
                bytes[place] ^= 1;
                batch.put(at(number), bytes)
            }
            Self::Cut(number, bytes) => {
                let whole = stored(store, &at(number)).await;
                batch.put(at(number), &whole[..bytes])
            }
            Self::Remove(number) => batch.delete(at(number)),
            Self::Swap(one, other) => {
                let (first, second) = (stored(store, &at(one)).await, stored(store, &at(other)).await);
                batch.put(at(one), second).put(at(other), first)
            }
            Self::Close(number) => {
                let mut moved = batch.delete(at(ROWS));
                for number in number..ROWS {
                    moved = moved.put(at(number), stored(store, &at(number + 1)).await);
                }
                moved
            }
            Self::Tail(from) => (from..=ROWS).fold(batch, |batch, number| batch.delete(at(number))),
            Self::TailAndHead(from) => {
                let head = head_at(store, from - 1).await;
                let batch = (from..=ROWS).fold(batch, |batch, number| batch.delete(at(number)));
                batch.put(log().head(), head.to_bytes())
            }
            Self::Head(number) => batch.put(log().head(), head_at(store, number).await.to_bytes()),
            Self::RemoveHead => batch.delete(log().head()),
            Self::DamageHead => batch.put(log().head(), "x"),
            Self::Forge(number) => {
                let head = head_at(store, number - 1).await;
                let mut rows = vec![row(99).to_bytes()];
                rows.extend((number + 1..=ROWS).map(|number| row(number).to_bytes()));
                let rows: Vec<_> = rows.into_iter().map(|row| (log(), row)).collect();
                let written = crate::store::log::extend(&rows, |_| Ok(Some(head.to_bytes()))).unwrap();
                written.into_iter().fold(batch, |batch, (key, value)| batch.put(key, value))
            }
        };
        store.commit(batch).await.unwrap();
    }
}

async fn head_at(store: &dyn Store, number: u64) -> Head {
    let (link, _) =
        Link::split(&stored(store, &log().entry(number)).await).map(|(link, _)| (link, ())).unwrap();
    Head { number, link }
}

/// What `verify` says from this row on after a tampering; a head that was noted at row 3 is expected
/// where `noted` says so.
async fn check(tampering: Tampering, from: u64, noted: bool, said: &str) {
    let store = store_of(ROWS).await;
    let kept = head_at(&*store, 3).await;
    tampering.apply(&*store).await;
    let told = match verify(&*store, from, noted.then_some(kept)).await {
        Ok(verified) => format!("{} rows up to {}", verified.rows, verified.head.number),
        Err(error) => error.to_string(),
    };
    assert_eq!(told, said, "{tampering:?} from {from}, noted: {noted}");
}

#[tokio::test]
async fn what_was_not_touched_is_whole() {
    check(Tampering::None, 1, false, "5 rows up to 5").await;
    check(Tampering::None, 1, true, "5 rows up to 5").await;
    check(Tampering::None, 4, false, "2 rows up to 5").await;
    check(Tampering::None, 5, true, "2 rows up to 5").await;
    check(Tampering::None, 6, false, "there is no row 6: the last one is row 5").await;
    let empty = store_of(0).await;
    assert_eq!(verify(&*empty, 1, None).await.unwrap(), Verified { rows: 0, head: Head::START });
}

#[tokio::test]
async fn tampering_is_found_and_its_row_named() {
    use Tampering::{Byte, Close, Cut, DamageHead, Forge, Head, Remove, RemoveHead, Swap, Tail, TailAndHead};
    let length = row(1).to_bytes().len() + crate::store::log::LINK_BYTES;
    for place in 0..length {
        check(Byte(2, place), 1, false, "row 2 was changed").await;
    }
    check(Byte(5, 40), 1, false, "row 5 was changed").await;
    check(Cut(2, 32), 1, false, "row 2 was changed").await;
    check(Cut(2, 0), 1, false, "row 2 was changed").await;
    check(Remove(1), 1, false, "row 1 was removed").await;
    check(Remove(3), 1, false, "row 3 was removed").await;
    check(Remove(3), 4, false, "row 3 was removed").await;
    check(Swap(2, 3), 1, false, "rows were reordered: row 2 stands in the place of row 3").await;
    check(Swap(1, 5), 1, false, "rows were reordered: row 1 stands in the place of row 5").await;
    check(Close(3), 1, false, "row 3 was changed").await;
    check(Tail(5), 1, false, "the tail is missing: row 4 is the last one, and there were 5").await;
    check(Tail(2), 1, false, "the tail is missing: row 1 is the last one, and there were 5").await;
    check(Tail(1), 1, false, "the tail is missing: row 0 is the last one, and there were 5").await;
    let head = "the head of the log was changed: it does not belong to row 5";
    check(Head(4), 1, false, head).await;
    check(RemoveHead, 1, false, head).await;
    check(DamageHead, 1, false, head).await;
    // Who computes the chain anew is found by a head that was kept elsewhere, and by nothing else.
    check(Forge(2), 1, false, "5 rows up to 5").await;
    check(Forge(2), 1, true, "row 3 or one before it was changed, and the chain was written anew").await;
    check(Forge(4), 1, true, "5 rows up to 5").await;
    check(TailAndHead(3), 1, false, "2 rows up to 2").await;
    check(TailAndHead(3), 1, true, "the tail is missing: row 2 is the last one, and there were 3").await;
}

#[tokio::test]
async fn a_log_is_verified_across_pages() {
    let store: Arc<dyn Store> = Arc::new(RedbStore::with_backend(InMemoryBackend::new()).unwrap());
    let rows = crate::store::SCAN_ENTRIES_MAX as u64 * 2 + 1;
    for batch in 0..rows.div_ceil(1000) {
        let numbers = batch * 1000 + 1..=rows.min((batch + 1) * 1000);
        let batch = numbers.fold(Batch::new(), |batch, number| batch.append(log(), row(number).to_bytes()));
        store.commit(batch).await.unwrap();
    }
    assert_eq!(verify(&*store, 1, None).await.unwrap().rows, rows);
    let swap = [(7, rows - 1), (rows - 1, 7)];
    let mut batch = Batch::new();
    for (to, from) in swap {
        batch = batch.put(log().entry(to), stored(&*store, &log().entry(from)).await);
    }
    store.commit(batch).await.unwrap();
    let error = verify(&*store, 1, None).await.unwrap_err();
    let found = matches!(error, VerifyError::Reordered { number: 7, found_at } if found_at == rows - 1);
    assert!(found, "{error:?}");
}

#[tokio::test]
async fn rows_are_read_in_pages_and_rows_of_another_layout_are_not() {
    let store = store_of(ROWS).await;
    let old = Key::new("audit\x00001763899200000\0some-id");
    store.commit(Batch::new().put(old, "{}")).await.unwrap();
    let page = async |from, limit| {
        let page = read(&*store, from, limit).await.unwrap();
        let numbers: Vec<u64> = page.rows.iter().map(|(number, _)| *number).collect();
        (numbers, page.next)
    };
    assert_eq!(page(0, 2).await, (vec![1, 2], 3));
    assert_eq!(page(3, 3).await, (vec![3, 4, 5], 6));
    assert_eq!(page(4, 100).await, (vec![4, 5], 6));
    assert_eq!(page(6, 100).await, (vec![], 6));
    assert_eq!(page(u64::MAX, 100).await, (vec![], u64::MAX));
    assert_eq!(read(&*store, 2, 1).await.unwrap().rows, [(2, row(2))]);
    assert_eq!(verify(&*store, 1, None).await.unwrap().rows, ROWS);
    Tampering::Cut(2, 40).apply(&*store).await;
    assert!(matches!(read(&*store, 1, 10).await, Err(ReadError::Damaged { number: 2 })));
}

#[test]
fn a_row_belongs_to_an_account_and_a_region() {
    let scope = |region: &str| Scope { account: "123456789012".into(), region: region.into() };
    let check = |wanted: Option<&str>, is: bool| {
        let wanted = wanted.map(|text| SecretId::parse(text).unwrap());
        assert_eq!(row(1).is_about(&scope("us-east-1"), wanted.as_ref()), is, "{wanted:?}");
        assert!(!row(1).is_about(&scope("us-east-2"), wanted.as_ref()), "{wanted:?}");
    };
    check(None, true);
    check(Some("app"), true);
    check(Some("ap"), false);
    check(Some("app-AbCdEf"), false);
    check(Some(&arn("us-east-1", "app", "AbCdEf")), true);
    check(Some(&arn("us-east-1", "app", "Others")), false);
    check(Some(&arn("us-east-2", "app", "AbCdEf")), false);
    check(Some("arn:aws:secretsmanager:us-east-1:123456789012:secret:app"), true);
    let about = |arn: &str| AuditRow { secret_arn: arn.to_owned(), ..row(1) };
    assert!(!about("-").is_about(&scope("us-east-1"), None));
    // Users belong to no region.
    let app = SecretId::parse("app").unwrap();
    let user = about("arn:aws:iam::123456789012:user/app");
    assert!(user.is_about(&scope("us-east-1"), None) && user.is_about(&scope("us-east-2"), None));
    assert!(!user.is_about(&scope("us-east-1"), Some(&app)));
    assert!(!about("arn:aws:iam::210987654321:user/app").is_about(&scope("us-east-1"), None));
}
