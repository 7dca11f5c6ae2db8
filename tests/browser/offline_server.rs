//! A server to the served page that can be shut, as a network that goes away: for the service worker's requests too,
//! which the DevTools protocol's offline mode does not reach.

use anyhow::{Context as _, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// An address of its own for the served page.
pub struct OfflineServer {
    address: String,
    passage: JoinHandle<()>,
}

impl OfflineServer {
    /// Opens a server to the page at this URL.
    ///
    /// # Errors
    /// Where the URL names no host and port, or no port is free.
    pub async fn open(page: &str) -> Result<Self> {
        let behind = url::Url::parse(page)?.socket_addrs(|| None)?.into_iter().next().context("no address")?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}/", listener.local_addr()?);
        let passage = tokio::spawn(async move {
            // Dropped with the passage, which cuts the connections that a browser keeps.
            let mut connections = JoinSet::new();
            while let Ok((mut visitor, _)) = listener.accept().await {
                connections.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(behind).await {
                        // Either side may hang up.
                        let _ = copy_bidirectional(&mut visitor, &mut server).await;
                    }
                });
            }
        });
        Ok(Self { address, passage })
    }

    /// The page's URL through this server.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Shuts the server: nothing behind it answers any more.
    pub async fn shut(self) {
        self.passage.abort();
        // It ends as aborted, which is what is wanted.
        let _ = self.passage.await;
    }
}
