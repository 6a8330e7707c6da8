//! What these tests do in a browser beyond those of the service's pages.

use crate::browser::Browser;

impl Browser {
    /// Opens another tab of the same browser and goes to it.
    pub(crate) async fn open_tab(&self) {
        let tab = self.client.new_window(true).await.unwrap();
        self.client.switch_to_window(tab.handle).await.unwrap();
    }

    /// Goes to one of the tabs, in the order in which they were opened.
    pub(crate) async fn go_to_tab(&self, index: usize) {
        let mut tabs = self.client.windows().await.unwrap();
        self.client.switch_to_window(tabs.swap_remove(index)).await.unwrap();
    }

    /// Goes back, as by the browser's button.
    pub(crate) async fn go_back(&self) {
        self.client.back().await.unwrap();
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.element(css).await.send_keys(text).await.unwrap();
    }
}
