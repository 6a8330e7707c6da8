//! What the service does by itself keeps up: however much is due, all of it is done at once.

use countersign_server::DATABASE_FILE;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::World;

/// More than several of the service's batches.
const MANY: usize = 650;

fn count(world: &World, query: &str) -> i64 {
    let database = rusqlite::Connection::open(world.config.data.join(DATABASE_FILE)).unwrap();
    database.query_row(&format!("SELECT count(*) FROM {query}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn whatever_is_due_is_done_at_once_however_much_it_is() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    world.ask("ada", &phone).await;
    let sign_ins = (0..MANY).map(|number| {
        world.post("/v1/sign-ins", json!({"user": format!("user-{number}"), "application": "Ward portal"}))
    });
    let enrolments =
        (0..MANY).map(|number| world.post("/v1/enrolments", json!({"user": format!("user-{number}")})));
    let created = join_all(sign_ins.collect::<Vec<_>>()).await;
    let created = created.into_iter().chain(join_all(enrolments.collect::<Vec<_>>()).await);
    created.for_each(|reply| drop(reply.created()));

    // The clock is turned once: the service looks once.
    world.clock.advance_seconds(601);
    let all = async |query: &str| count(&world, query) == 0;
    world.eventually("the end of all sign-ins", async || all("sign_ins WHERE state = 'pending'").await).await;
    world
        .eventually("the end of all enrolments", async || all("enrolments WHERE state = 'pending'").await)
        .await;

    world.clock.advance_seconds(24 * 60 * 60);
    for table in ["sign_ins", "challenges", "answers"] {
        world.eventually("the deletion of all old sign-ins", async || all(table).await).await;
    }
    world.eventually("the deletion of unused enrolments", async || count(&world, "enrolments") == 1).await;
    assert_eq!(count(&world, "devices"), 1, "a device and its enrolment stay");
    phone.fetch(&world, 0, &[]).await.unwrap();
}
