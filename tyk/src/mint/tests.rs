use super::*;
use crate::config::{Config, KeyFolder};
use crate::proto::SessionState;
use crate::token::payload;
use jwt_simple::algorithms::ES256KeyPair;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

struct Bench {
    folder: tempfile::TempDir,
    now: Arc<AtomicU64>,
    keys: Arc<Keys>,
    minter: Minter,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    add_key(folder.path(), "a.pem");
    let now = Arc::new(AtomicU64::new(4_000_000_000));
    let shared = Arc::clone(&now);
    let clock = Clock::from_fn(move || shared.load(Ordering::Relaxed));
    let text = format!(
        "grpc: {{listen: unix:///s}}\napis: [{{id: a, audiences: [m]}}]\nmint: {{issuer: https://t, keys: {{folder: {:?}, publishBefore: 0s, publishAfter: 0s}}}}",
        folder.path()
    );
    let config = Config::parse(&text).unwrap().mint.unwrap();
    let keys = Arc::new(Keys::open(&KeyFolder { ..config.keys.clone() }, clock.clone()).unwrap());
    let minter = Minter::new(config, Arc::clone(&keys), clock);
    Bench { folder, now, keys, minter }
}

fn add_key(folder: &Path, name: &str) {
    fs::write(folder.join(name), ES256KeyPair::generate().to_pem().unwrap()).unwrap();
}

fn session() -> SessionState {
    SessionState { key_id: "k1".into(), alias: "a".into(), ..SessionState::default() }
}

impl Bench {
    async fn issue(&self, session: &SessionState) -> Result<Issued, Failure> {
        self.minter.issue(&["m".to_owned()], Caller { session, api_id: "a", jwt: None }).await
    }

    fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_token_is_reused_until_half_its_life_is_over() {
    let bench = bench();
    let first = bench.issue(&session()).await.unwrap();
    assert!(first.made.is_some());
    bench.pass(29);
    let second = bench.issue(&session()).await.unwrap();
    assert!(second.made.is_none() && second.jwt == first.jwt);
    bench.pass(1);
    let third = bench.issue(&session()).await.unwrap();
    assert!(third.made.is_some() && third.jwt != first.jwt);
    assert_eq!(bench.minter.cached(), 1);
}

#[tokio::test]
async fn times_are_those_of_the_clock() {
    let claims = payload(&bench().issue(&session()).await.unwrap().jwt).unwrap();
    assert_eq!(claims["iat"], 4_000_000_000_u64);
    assert_eq!(claims["nbf"], 4_000_000_000_u64);
    assert_eq!(claims["exp"], 4_000_000_060_u64);
}

#[tokio::test]
async fn another_key_and_a_changed_session_get_tokens_of_their_own() {
    let bench = bench();
    let first = bench.issue(&session()).await.unwrap();
    let same_name = SessionState { key_id: "k2".into(), ..session() };
    assert_ne!(bench.issue(&same_name).await.unwrap().jwt, first.jwt);
    let renamed = SessionState { alias: "b".into(), ..session() };
    assert_ne!(bench.issue(&renamed).await.unwrap().jwt, first.jwt);
    let mut noted = session();
    noted.metadata.insert("last-call".into(), "now".into());
    assert_eq!(bench.issue(&noted).await.unwrap().jwt, first.jwt, "no claim takes that");
}

#[tokio::test]
async fn a_token_does_not_outlive_its_key() {
    let bench = bench();
    let ending = SessionState { expires: 4_000_000_010, ..session() };
    let token = bench.issue(&ending).await.unwrap();
    assert_eq!(payload(&token.jwt).unwrap()["exp"], 4_000_000_010_u64);
    bench.pass(10);
    assert_eq!(bench.issue(&ending).await.unwrap_err(), Failure::SessionExpired);
    let endless = SessionState { expires: -1, ..session() };
    assert!(bench.issue(&endless).await.is_ok());
}

#[tokio::test]
async fn a_token_of_a_key_that_is_published_no_more_is_not_given_out_again() {
    let bench = bench();
    let first = bench.issue(&session()).await.unwrap().made.unwrap();
    add_key(bench.folder.path(), "b.pem");
    fs::remove_file(bench.folder.path().join("a.pem")).unwrap();
    bench.keys.reload().unwrap();
    let second = bench.issue(&session()).await.unwrap().made.unwrap();
    assert_ne!(second.key_id, first.key_id);
}

#[tokio::test]
async fn tokens_that_are_of_no_use_are_kept_no_longer() {
    let bench = bench();
    for key in 0..100 {
        let session = SessionState { key_id: format!("s{key}"), ..session() };
        bench.issue(&session).await.unwrap();
    }
    bench.pass(20);
    bench.minter.sweep();
    // Its parts are of equal size, so a little less than all that it could keep finds a place.
    assert!(bench.minter.cached() > 50);
    bench.issue(&session()).await.unwrap();
    bench.pass(10);
    bench.minter.sweep();
    assert_eq!(bench.minter.cached(), 1);
}

#[tokio::test]
async fn many_at_once_cost_one_signature() {
    let bench = Arc::new(bench());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let bench = Arc::clone(&bench);
        tasks.spawn(async move { bench.issue(&session()).await.unwrap() });
    }
    let issued = tasks.join_all().await;
    assert_eq!(issued.iter().filter(|one| one.made.is_some()).count(), 1);
}

#[tokio::test]
async fn what_no_header_can_hold_is_refused() {
    let bench = bench();
    let wide = SessionState { alias: "x".repeat(9000), ..session() };
    assert_eq!(bench.issue(&wide).await.unwrap_err(), Failure::TokenTooLarge);
}
