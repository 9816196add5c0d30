//! The gateway has one connection for all of its clients: what one of them does, no other may feel.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_test_issuer::raw::{Connection, large, reset};
use attache_test_issuer::{Issuer, key_folder, minting, outcome, post, session};
use tokio::task::JoinSet;

fn minting_with(keys: &std::path::Path, grpc: &str) -> String {
    minting(keys, "").replace("maxMessageBytes: 33554432", grpc)
}

#[tokio::test]
async fn clients_that_give_up_do_not_end_the_connection_of_the_others() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut connection = Connection::open(issuer.grpc.unwrap()).await;
    for burst in 0..4 {
        let object = post("orders", Some(session(&format!("k{burst}"), &[])), &[]);
        let (first, mut frames) = connection.request(&object);
        for _ in 0..400 {
            let (id, head) = connection.head();
            frames.extend(head);
            frames.extend(reset(id));
        }
        let (last, request) = connection.request(&object);
        frames.extend(request);
        // All at once: the resets are there before a stream is accepted.
        connection.write(&frames).await;
        for id in [first, last] {
            outcome(&connection.answer(id).await).unwrap();
        }
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_answered_and_counted_and_harms_no_other() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting_with(keys.path(), "maxMessageBytes: 1048576")).await;
    let client = issuer.client().await;
    let mut requests = JoinSet::new();
    for number in 0..60 {
        let mut client = client.clone();
        let length = if number % 2 == 0 { 2 << 20 } else { 1000 };
        requests.spawn(async move {
            let answer = client.dispatch(large("orders", length)).await.unwrap().into_inner();
            (length, answer)
        });
    }
    while let Some(answered) = requests.join_next().await {
        let (length, answer) = answered.unwrap();
        let request = answer.request.as_ref().unwrap();
        if length == 1000 {
            outcome(&answer).unwrap();
            continue;
        }
        let overrides = request.return_overrides.as_ref().unwrap();
        assert_eq!((overrides.response_code, overrides.override_error), (413, true));
        assert!(overrides.response_body.contains("request-too-large"));
        // Or the gateway would take the answer for an error, or its records would tell of another
        // request.
        assert_eq!((request.url.as_str(), request.method.as_str()), ("/orders?page=2", "POST"));
        assert!(request.raw_body.is_empty());
    }
    let (_, metrics) = issuer.get("/metrics").await;
    let counted = r#"attache_issuer_requests_total{api="",outcome="request-too-large"} 30"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn large_requests_wait_for_room_and_come_back_whole() {
    let keys = key_folder();
    let limits = "maxMessageBytes: 1048576, maxBytesInFlight: 1048576, timeout: 60s";
    let issuer = Issuer::start(&minting_with(keys.path(), limits)).await;
    let client = issuer.client().await;
    let mut requests = JoinSet::new();
    for _ in 0..64 {
        let mut client = client.clone();
        requests.spawn(async move {
            let answer = client.dispatch(large("orders", 900_000)).await.unwrap().into_inner();
            outcome(&answer).unwrap();
            answer.request.unwrap().raw_body.len()
        });
    }
    assert_eq!(requests.join_all().await, vec![900_000; 64]);
}

#[tokio::test]
async fn a_client_that_reads_slowly_holds_its_own_room_and_no_more() {
    let keys = key_folder();
    let limits = "maxMessageBytes: 1048576, maxBytesInFlight: 1048576, timeout: 5s";
    let issuer = Issuer::start(&minting_with(keys.path(), limits)).await;
    // It takes nothing of an answer before it says so.
    let mut slow = Connection::open_with(issuer.grpc.unwrap(), 0).await;
    slow.send(&large("orders", 900_000)).await;
    slow.wait_for(attache_test_issuer::raw::HEADERS).await;

    let mut client = issuer.client().await;
    let answer = client.dispatch(large("orders", 900_000)).await.unwrap().into_inner();
    let overrides = answer.request.unwrap().return_overrides.unwrap();
    assert_eq!(overrides.response_code, 503, "there is no room for a second");
    assert_eq!(overrides.headers["Retry-After"], "1");
    let answer = client.dispatch(large("orders", 30_000)).await.unwrap().into_inner();
    outcome(&answer).expect("a small request needs no room");

    drop(slow);
    // Its room is free again.
    while outcome_of_large(&mut client).await == 503 {}
}

async fn outcome_of_large(
    client: &mut attache_issuer::proto::dispatcher_client::DispatcherClient<
        tonic::transport::Channel,
    >,
) -> i32 {
    let answer = client.dispatch(large("orders", 900_000)).await.unwrap().into_inner();
    answer.request.unwrap().return_overrides.unwrap().response_code
}
