//! One request, whoever opens it and how often.

use super::support::{Browser, Portal, approve, encode, sign_ins};
use crate::support::World;

#[tokio::test]
async fn ten_tabs_at_once_make_one_sign_in() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let address = format!("{}{}", world.base(), portal.authorize());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let tabs: Vec<_> = (0..10).map(|_| tokio::spawn(client.get(&address).send())).collect();
    let (mut with_cookie, mut without) = (0, 0);
    for tab in tabs {
        let response = tab.await.unwrap().unwrap();
        assert_eq!(response.status(), 303);
        match response.headers().get_all("set-cookie").iter().count() {
            0 => without += 1,
            _ => with_cookie += 1,
        }
    }
    assert_eq!((with_cookie, without), (1, 9), "one tab's browser has the sign-in");
    assert_eq!((sign_ins(&world).await, phone.challenges(&world).await.len()), (1, 1));
}

#[tokio::test]
async fn a_tab_whose_cookie_is_on_the_way_waits_and_another_browser_gets_nothing() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let (mut browser, mut stranger) = (Browser::new(), Browser::new());
    let page = browser.open(&world, &portal.authorize()).await;
    let waiting = stranger.open(&world, &portal.authorize()).await;
    assert_eq!(waiting.state(), "waiting");
    assert!(waiting.html.contains("<meta http-equiv=\"refresh\" content=\"1\">"), "{}", waiting.html);
    assert!(!waiting.html.contains(page.number()));
    // The same tab, now that the cookie is there.
    let followed = browser.open(&world, &format!("/oidc/resume/{}", page.sign_in())).await;
    assert_eq!(followed.number(), page.number());
    world.clock.advance_seconds(10);
    let refused = stranger.open(&world, &portal.authorize()).await;
    assert_eq!((refused.status.as_u16(), refused.state()), (403, "elsewhere"));
    approve(&world, &phone, &page).await;
    assert_eq!(stranger.resume(&world, &page).await.status, 403, "the code is the other browser's");
    assert!(browser.resume(&world, &page).await.answer().contains_key("code"));
    assert_eq!(sign_ins(&world).await, 1);
}

#[tokio::test]
async fn a_reload_asks_nobody_again_also_when_it_is_posted() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let mut browser = Browser::new();
    let sent = browser.post(&world, "/oidc/authorize", &encode(&portal.query())).await;
    assert_eq!(sent.status, 303);
    let page = browser.open(&world, &sent.location.unwrap()).await;
    for _ in 0..3 {
        let again = browser.post(&world, "/oidc/authorize", &encode(&portal.query())).await;
        assert_eq!(browser.open(&world, &again.location.unwrap()).await.number(), page.number());
        assert_eq!(browser.open(&world, &portal.authorize()).await.number(), page.number());
    }
    assert_eq!((sign_ins(&world).await, phone.challenges(&world).await.len()), (1, 1));
}
