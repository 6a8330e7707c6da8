//! Stopped, or killed, and started again: nothing that was accepted is lost, and nothing is accepted twice.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use countersign_protocol::messages::{Answer, Decision, Outcome, ProblemCode};
use countersign_server::Config;
use serde_json::json;

use crate::support::phone::{Phone, Shown, code};
use crate::support::{SignIn, World};

/// Something that can end the service and start it again on the same data.
trait Restart {
    async fn restart(&mut self, world: &mut World);
}

struct InProcess;

impl Restart for InProcess {
    async fn restart(&mut self, world: &mut World) {
        world.restart().await;
    }
}

/// The real binary, ended by SIGKILL.
struct Killed(Child);

impl Killed {
    fn start(data: &Path) -> (Self, std::net::SocketAddr) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign-server"))
            .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--data"])
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap())
            .find_map(|line| line["fields"]["address"].as_str().map(|address| address.parse().unwrap()))
            .unwrap();
        // The pipe must stay open, or writing the log fails.
        std::thread::spawn(move || lines.for_each(drop));
        (Self(child), address)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Restart for Killed {
    async fn restart(&mut self, world: &mut World) {
        self.kill();
        let (next, address) = Self::start(&world.config.data);
        *self = next;
        world.address = address;
    }
}

fn killable_world() -> (World, Killed) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("data"));
    let (killed, address) = Killed::start(&config.data);
    (World::around(folder, config, address), killed)
}

/// The main job with a restart between any two steps, and every request sent again after it.
async fn main_job(world: &mut World, service: &mut impl Restart) {
    let enrolment = world.start_enrolment("ada").await;
    service.restart(world).await;
    let mut phone = Phone::new(enrolment["link"].as_str().unwrap());
    let request = phone.device_key.sign(&phone.enrol_claims());
    let enrolled = phone.send_enrol(world, &request).await.unwrap();
    service.restart(world).await;
    let again = phone.send_enrol(world, &request).await.unwrap();
    assert_eq!(again.device, enrolled.device);
    let mut thief = Phone::new(&phone.link.expose_text());
    assert_eq!(code(thief.enrol(world).await), ProblemCode::TicketUsed);

    let activation = phone.challenges(world).await.remove(0);
    let number = world.enrolment(&phone.enrolment).await["number"].as_str().unwrap().to_owned();
    service.restart(world).await;
    assert_eq!(phone.challenges(world).await[0].jws, activation.jws, "the same text");
    assert_eq!(world.enrolment(&phone.enrolment).await["number"], number.as_str(), "the same number");
    answer_twice_around_a_restart(world, service, &phone, &activation, &number).await;
    assert_eq!(world.enrolment(&phone.enrolment).await["state"], "active");

    let sign_in = SignIn(world.start_sign_in("ada").await);
    service.restart(world).await;
    let shown = phone.challenges(world).await.remove(0);
    answer_twice_around_a_restart(world, service, &phone, &shown, sign_in.number()).await;
    let result = world.get(&format!("/v1/sign-ins/{}", sign_in.id())).await.ok();
    assert_eq!(result["state"], "approved");
    assert!(result["assertion"].is_string());

    let code = json!({"user": "ada", "code": phone.code_at(world.seconds())});
    assert_eq!(world.post("/v1/codes/verify", code.clone()).await.ok()["valid"], true);
    service.restart(world).await;
    assert_eq!(world.post("/v1/codes/verify", code).await.ok()["valid"], false);
    assert_eq!(world.audit_outcomes("enrolment.use").await, ["bound", "ticket_used"]);
    assert_eq!(world.audit_outcomes("sign_in.answer").await, ["approved"]);
}

async fn answer_twice_around_a_restart(
    world: &mut World,
    service: &mut impl Restart,
    phone: &Phone,
    shown: &Shown,
    number: &str,
) {
    let answer = Answer { number: Some(number.into()), ..phone.answer(world, shown, Decision::Approve) };
    let request = phone.approval_key.sign(&answer);
    assert_eq!(phone.send_answer(world, &request).await.unwrap().outcome, Outcome::Approved);
    service.restart(world).await;
    assert_eq!(phone.send_answer(world, &request).await.unwrap().outcome, Outcome::Approved);
    assert!(phone.challenges(world).await.is_empty());
}

#[tokio::test]
async fn the_main_job_survives_a_restart_between_any_two_steps() {
    let mut world = World::start().await;
    main_job(&mut world, &mut InProcess).await;
}

#[tokio::test]
async fn the_main_job_survives_being_killed_between_any_two_steps() {
    let (mut world, mut killed) = killable_world();
    main_job(&mut world, &mut killed).await;
}

#[tokio::test]
async fn killed_amid_answers_each_has_exactly_one_effect() {
    const PHONES: usize = 12;
    let (mut world, mut killed) = killable_world();
    let mut asked = Vec::new();
    for index in 0..PHONES {
        let user = format!("user-{index}");
        let phone = world.active_phone(&user).await;
        let (sign_in, shown) = world.ask(&user, &phone).await;
        let answer = Answer {
            number: Some(sign_in.number().into()),
            ..phone.answer(&world, &shown, Decision::Approve)
        };
        let request = phone.approval_key.sign(&answer);
        asked.push((phone, sign_in, request));
    }
    let url = format!("{}{}", world.base(), countersign_protocol::messages::paths::ANSWER);
    let answers = asked.iter().map(|(_, _, request)| {
        let request = world.http.post(&url).body(request.clone()).send();
        async { request.await.is_ok_and(|response| response.status().is_success()) }
    });
    let answers = futures_util::future::join_all(answers);
    let kill = async {
        // Some are through by now, and some are not.
        tokio::time::sleep(std::time::Duration::from_millis(4)).await;
        killed.kill();
    };
    let (received, ()) = tokio::join!(answers, kill);
    let (next, address) = Killed::start(&world.config.data);
    killed = next;
    world.address = address;
    for ((phone, sign_in, request), received) in asked.iter().zip(received) {
        if received {
            assert_eq!(world.state_of(&sign_in.0).await, "approved", "what was answered is kept");
        }
        assert_eq!(phone.send_answer(&world, request).await.unwrap().outcome, Outcome::Approved);
        assert_eq!(world.state_of(&sign_in.0).await, "approved");
    }
    assert_eq!(world.audit_outcomes("sign_in.answer").await.len(), PHONES);
    killed.kill();
}

#[tokio::test]
async fn the_binary_stops_cleanly_when_it_is_asked_to() {
    let (world, mut killed) = killable_world();
    assert_eq!(world.get("/healthz").await.status, 200);
    let pid = killed.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(killed.0.wait().unwrap().success());
    // Everything is in the one file: the write-ahead log is empty or gone.
    let log = world.config.data.join("countersign.db-wal");
    assert!(std::fs::metadata(log).map_or(0, |file| file.len()) == 0);
}
