//! The style sheet, the script and the icon: in the binary, and served under names that change with their content, so
//! that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::encode_base64url;

/// How all pages look.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", include_str!("assets/page.css")));
/// What keeps a page current.
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("js", "text/javascript; charset=utf-8", include_str!("assets/page.js")));
/// The icon in a browser's tab.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("svg", "image/svg+xml", include_str!("assets/icon.svg")));

/// A file that pages load.
pub(super) struct Asset {
    /// Names the content: another content has another name.
    pub(super) name: String,
    media_type: &'static str,
    content: &'static str,
}

/// Gives the file of this name.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let assets: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];
    match assets.into_iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Asset {
    fn new(extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let hash = ring::digest::digest(&ring::digest::SHA256, content.as_bytes());
        let hash: String = encode_base64url(hash).chars().take(16).collect();
        Self { name: format!("{hash}.{extension}"), media_type, content }
    }
}
