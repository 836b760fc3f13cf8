//! An HTTP client for SDKs without sockets, so a test may pause the clock.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_iam::config::http::{HttpRequest, HttpResponse};
use aws_sdk_iam::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use hyper::{Request, Response};

use super::server::ConnectionLost;

/// A client that passes each request to `receive` and returns its answer.
pub(crate) fn http_client<R, F>(receive: R) -> SharedHttpClient
where
    R: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Received> + Send + 'static,
{
    let receive = Arc::new(move |request| Box::pin(receive(request)) as Receiving);
    SharedHttpClient::new(Connector { receive, read_timeout: None })
}

type Received = Result<Response<Bytes>, ConnectionLost>;
type Receiving = Pin<Box<dyn Future<Output = Received> + Send>>;

#[derive(Clone)]
struct Connector {
    receive: Arc<dyn Fn(Request<Bytes>) -> Receiving + Send + Sync>,
    read_timeout: Option<Duration>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self { receive: Arc::clone(&self.receive), read_timeout: settings.read_timeout() })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { receive, read_timeout } = self.clone();
        HttpConnectorFuture::new(async move {
            let answer = receive(incoming(&request));
            let answer = match read_timeout {
                None => answer.await,
                Some(limit) => tokio::time::timeout(limit, answer)
                    .await
                    .map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?,
            };
            match answer {
                Ok(answer) => Ok(outgoing(answer)),
                Err(lost @ ConnectionLost) => Err(ConnectorError::io(lost.into())),
            }
        })
    }
}

fn incoming(request: &HttpRequest) -> Request<Bytes> {
    let body = request.body().bytes().expect("calls of the Query protocol are not streams");
    let builder = Request::builder().method(request.method()).uri(request.uri());
    request
        .headers()
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(name, value))
        .body(Bytes::copy_from_slice(body))
        .expect("the SDK makes well-formed requests")
}

fn outgoing(answer: Response<Bytes>) -> HttpResponse {
    let (head, body) = answer.into_parts();
    let status = head.status.as_u16().try_into().expect("the status is one");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in &head.headers {
        let value = value.to_str().expect("our headers are text").to_owned();
        response.headers_mut().insert(name.as_str().to_owned(), value);
    }
    response
}
