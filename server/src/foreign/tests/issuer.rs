//! An issuer's two documents, which a test can spoil.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::stream;
use serde_json::{Value, json};

/// How a document is answered.
#[derive(Clone)]
pub(super) enum Answer {
    Text(String),
    Status(u16),
    Redirect(String),
    /// More and more, without an end.
    Endless,
    /// Nothing, ever.
    Never,
}

pub(super) struct StandIn {
    name: String,
    shared: Arc<Shared>,
}

struct Shared {
    metadata: Mutex<Answer>,
    keys: Mutex<Answer>,
    fetches: AtomicUsize,
}

impl StandIn {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let name = format!("http://{}/realm", listener.local_addr().unwrap());
        let metadata = json!({ "issuer": name, "jwks_uri": format!("{name}/keys") }).to_string();
        let shared = Arc::new(Shared {
            metadata: Mutex::new(Answer::Text(metadata)),
            keys: Mutex::new(Answer::Status(404)),
            fetches: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(metadata_of))
            .route("/realm/keys", get(keys_of))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { name, shared }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The same issuer, for a service that knows nothing of it yet.
    pub(super) fn again(&self) -> Self {
        Self { name: self.name.clone(), shared: Arc::clone(&self.shared) }
    }

    /// From here on it has these keys.
    pub(super) fn publish(&self, keys: impl Into<Vec<Value>>) {
        let keys: Vec<Value> = keys.into();
        self.answer_keys(Answer::Text(json!({ "keys": keys }).to_string()));
    }

    pub(super) fn answer_metadata(&self, answer: Answer) {
        *hold(&self.shared.metadata) = answer;
    }

    pub(super) fn answer_keys(&self, answer: Answer) {
        *hold(&self.shared.keys) = answer;
    }

    /// How often its metadata was asked for.
    pub(super) fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }
}

async fn metadata_of(State(shared): State<Arc<Shared>>) -> Response {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    let answer = hold(&shared.metadata).clone();
    respond(answer).await
}

async fn keys_of(State(shared): State<Arc<Shared>>) -> Response {
    let answer = hold(&shared.keys).clone();
    respond(answer).await
}

async fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Text(text) => text.into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirect(to) => Redirect::temporary(&to).into_response(),
        Answer::Endless => {
            let spaces = stream::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(8192)));
            Body::from_stream(spaces).into_response()
        }
        Answer::Never => std::future::pending().await,
    }
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
