//! The service under load, as its own process with a fresh database, over real HTTP connections of this machine:
//! full approvals per second, how fast old sign-ins go meanwhile, the time from a sign-in to a waiting phone, also while
//! others send nonsense, and memory for each phone that waits.
//!
//! `cargo bench -p countersign-server`. The phones' own signatures are in the figures: client and service share the
//! machine.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails ends")]

#[path = "support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use countersign_protocol::jws::peek;
use countersign_protocol::messages::{Delivery, paths};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::support::{Connection, Phone, Service, is_test, now};

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let service = Service::start();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let idle = service.memory();
    println!("memory, idle: {:.1} MB", idle / 1e6);
    let (counts, time, latencies, old): (&[usize], _, _, _) = if is_test() {
        (&[1, 2], Duration::from_millis(50), 3, 300)
    } else {
        (&[1, 16, 256], Duration::from_secs(4), 300, 150_000)
    };
    let mut phones = Vec::new();
    for index in 0..counts.iter().copied().max().unwrap_or_default() {
        phones.push(Phone::enrol(&service, &format!("user-{index}")).await);
    }
    println!("full approvals (create, fetch, answer, result) on one database:");
    for &count in counts {
        let rest = phones.split_off(count);
        let (rate, back) = approvals(phones, time).await;
        println!("  {count:3} phones: {rate:6.0} a second");
        phones = back;
        phones.extend(rest);
    }
    phones = pruning(&service, phones, old, time).await;
    println!("sign-in created to shown on a waiting phone:");
    latency("alone", &mut phones[0], latencies).await;
    for (what, nonsense) in [
        ("while six connections send what isn't HTTP", "nonsense \u{7f}\r\n\r\n"),
        (
            "while six send forged messages",
            "POST /v1/device/fetch HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\na.b",
        ),
    ] {
        let others: Vec<_> = (0..6).map(|_| tokio::spawn(send_nonsense(service.address, nonsense))).collect();
        latency(what, &mut phones[0], latencies).await;
        others.iter().for_each(tokio::task::JoinHandle::abort);
    }
    waiting(&service, &phones, 4000).await;
}

async fn approvals(phones: Vec<Phone>, time: Duration) -> (f64, Vec<Phone>) {
    let began = Instant::now();
    let tasks: Vec<_> = phones
        .into_iter()
        .map(|mut phone| {
            tokio::spawn(async move {
                let mut done = 0_u32;
                while began.elapsed() < time {
                    phone.approve_once().await;
                    done += 1;
                }
                (phone, done)
            })
        })
        .collect();
    let mut phones = Vec::new();
    let mut done = 0;
    for task in tasks {
        let (phone, count) = task.await.unwrap();
        phones.push(phone);
        done += count;
    }
    (f64::from(done) / began.elapsed().as_secs_f64(), phones)
}

/// How many old sign-ins go in a second while others are made as fast as they can be: more than those that are made.
async fn pruning(service: &Service, phones: Vec<Phone>, old: u32, time: Duration) -> Vec<Phone> {
    let database = rusqlite::Connection::open(service.data.path().join("countersign.db")).unwrap();
    database.busy_timeout(Duration::from_secs(30)).unwrap();
    let two_days_ago = i64::try_from(now() - 2 * 86_400).unwrap() * 1000;
    let count = |database: &rusqlite::Connection| -> f64 {
        let query = "SELECT count(*) FROM sign_ins WHERE state <> 'pending' AND expires <= ?1";
        f64::from(database.query_row(query, [two_days_ago], |row| row.get::<_, u32>(0)).unwrap())
    };
    let columns: Vec<String> = database
        .prepare("SELECT name FROM pragma_table_info('sign_ins')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let values = columns.iter().map(|column| match column.as_str() {
        "id" => "randomblob(16)".to_owned(),
        "expires" => two_days_ago.to_string(),
        other => other.to_owned(),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let statements = format!(
        "BEGIN IMMEDIATE;
         INSERT INTO sign_ins WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {old})
             SELECT {values} FROM n, (SELECT * FROM sign_ins WHERE state = 'approved' LIMIT 1);
         INSERT INTO challenges SELECT it.id, c.device, c.service_key, c.hash, c.jws
             FROM sign_ins AS it, (SELECT * FROM challenges LIMIT 1) AS c WHERE it.expires = {two_days_ago};
         COMMIT"
    );
    // As some are deleted while others are made, the insertion is waited for.
    tokio::task::spawn_blocking({
        let path = service.data.path().join("countersign.db");
        move || {
            let database = rusqlite::Connection::open(path).unwrap();
            database.busy_timeout(Duration::from_secs(30)).unwrap();
            database.execute_batch(&statements).unwrap();
        }
    })
    .await
    .unwrap();
    let (before, began) = (count(&database), Instant::now());
    let (rate, phones) = approvals(phones, time).await;
    let gone = before - count(&database);
    let seconds = began.elapsed().as_secs_f64();
    println!("old sign-ins deleted: {:.0} a second, beside {rate:.0} new ones a second", gone / seconds);
    phones
}

/// Sends the same bytes again and again, on as many connections as that takes, until it is aborted.
async fn send_nonsense(address: SocketAddr, bytes: &'static str) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let mut reply = [0; 4096];
        while stream.write_all(bytes.as_bytes()).await.is_ok() {
            if !stream.read(&mut reply).await.is_ok_and(|count| count > 0) {
                break;
            }
        }
    }
}

/// From the relying party's request to the challenge in the hands of a phone that waits.
async fn latency(what: &str, phone: &mut Phone, count: usize) {
    let mut times = Vec::new();
    for _ in 0..count {
        let request = phone.fetch_request(30);
        phone.connection.send("POST", paths::FETCH, None, &request).await;
        tokio::time::sleep(Duration::from_millis(3)).await;
        let began = Instant::now();
        let mut other = Connection::open(phone.address).await;
        let create = json!({"user": phone.user, "application": "Ward portal", "show": "relying_party"});
        let create = create.to_string();
        let (created, delivered) = tokio::join!(
            other.exchange("POST", "/v1/sign-ins", Some(&phone.api_key), &create),
            phone.connection.receive()
        );
        times.push(began.elapsed());
        let (_, delivery) = peek::<Delivery>(&delivered).unwrap();
        let created: Value = serde_json::from_str(&created).unwrap();
        phone.answer(&delivery.challenges[0], created["number"].as_str().unwrap()).await;
    }
    times.sort();
    let at = |share: usize| times[(times.len() * share).div_ceil(100) - 1].as_secs_f64() * 1e3;
    println!("  {what}: median {:.2} ms, p99 {:.2} ms", at(50), at(99));
}

/// Memory that the service takes for each connection with a held fetch.
async fn waiting(service: &Service, phones: &[Phone], count: usize) {
    let before = service.memory();
    let mut held = Vec::new();
    for phone in phones.iter().cycle().take(count.min(phones.len() * 4)) {
        let mut connection = Connection::open(phone.address).await;
        let request = phone.fetch_request(60);
        connection.send("POST", paths::FETCH, None, &request).await;
        held.push(connection);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (service.memory() - before) / f64::from(u32::try_from(held.len()).unwrap());
    println!("memory for each of {} waiting phones: {:.1} kB", held.len(), each / 1e3);
}
