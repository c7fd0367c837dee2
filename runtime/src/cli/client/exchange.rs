//! One HTTP exchange: connect, sign, send, read.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::http::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4;
use keywheel_host::Authorities;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::settings::CA_VARIABLE;
use super::{ANSWER_BYTES_MAX, ANSWER_MS_MAX, CONNECT_MS_MAX, Client, ClientError};
use crate::cli::table::plain;
use crate::clock::Clock;
use crate::tls::{self, CaFileError};

/// The service of the credential scope of most requests.
pub(super) const SECRETS_MANAGER: &str = "secretsmanager";
/// Where a REST protocol tells the code of an error.
const ERROR_TYPE: &str = "x-amzn-errortype";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A request that is not signed yet.
pub(super) struct Outgoing<'a> {
    /// Of the credential scope.
    pub(super) service: &'a str,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Without `?`.
    pub(super) query: &'a str,
    /// All but `host` and those of the signature.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Vec<u8>,
}

/// What keeps a connection open.
pub(super) type Connection = SendRequest<Full<Bytes>>;

impl Client {
    /// Calls an operation; the body of a good answer.
    pub(super) async fn post(&self, target: &str, body: Vec<u8>) -> Result<Sensitive<Vec<u8>>, ClientError> {
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", target)];
        let outgoing = Outgoing {
            service: SECRETS_MANAGER,
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body,
        };
        let mut connection = self.connect().await?;
        let answered = self.within_answer_time(ANSWER_MS_MAX, async {
            let response = self.send(&mut connection, outgoing).await?;
            self.read_good(response).await
        });
        answered.await
    }

    /// Sends a request of a REST protocol: the headers and the body of a good answer.
    pub(super) async fn exchange(
        &self,
        outgoing: Outgoing<'_>,
        millis: i64,
    ) -> Result<(HeaderMap, Sensitive<Vec<u8>>), ClientError> {
        let mut connection = self.connect().await?;
        let answered = self.within_answer_time(millis, async {
            let response = self.send(&mut connection, outgoing).await?;
            if !response.status().is_success() {
                return Err(self.refusal(response).await);
            }
            let headers = response.headers().clone();
            Ok((headers, self.read(response.into_body()).await?))
        });
        answered.await
    }

    /// Sends a request whose good answer has no end, and returns when it has begun.
    pub(super) async fn open(&self, outgoing: Outgoing<'_>) -> Result<(Incoming, Connection), ClientError> {
        let mut connection = self.connect().await?;
        let response = self.within_answer_time(ANSWER_MS_MAX, async {
            let response = self.send(&mut connection, outgoing).await?;
            match response.status().as_u16() {
                200 => Ok(response.into_body()),
                _ => Err(self.refusal(response).await),
            }
        });
        Ok((response.await?, connection))
    }

    async fn within_answer_time<T>(
        &self,
        millis: i64,
        answered: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let silent = ClientError::Silent { endpoint: self.settings.endpoint.to_string(), millis };
        within(&*self.clock, millis, answered).await.unwrap_or(Err(silent))
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let endpoint = &self.settings.endpoint;
        let connected = async {
            let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port));
            let unreachable = |source| ClientError::Unreachable { endpoint: endpoint.to_string(), source };
            let stream = stream.await.map_err(unreachable)?;
            if !endpoint.is_secure {
                return self.speak(stream).await;
            }
            let refused = |source| ClientError::NotTrusted { endpoint: endpoint.to_string(), source };
            self.speak(self.tls()?.connect(&endpoint.host, stream).await.map_err(refused)?).await
        };
        let late = || Err(ClientError::NotTaken { endpoint: endpoint.to_string() });
        within(&*self.clock, CONNECT_MS_MAX, connected).await.unwrap_or_else(late)
    }

    fn tls(&self) -> Result<&Authorities, CaFileError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let made = tls::trusting(self.settings.ca_file.as_deref(), CA_VARIABLE)?;
        Ok(self.tls.get_or_init(|| made))
    }

    async fn speak<S>(&self, stream: S) -> Result<Connection, ClientError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|source| self.broken(source))?;
        // It ends with its sender; what went wrong with it is told to who waits for the answer.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(sender)
    }

    async fn send(
        &self,
        connection: &mut Connection,
        outgoing: Outgoing<'_>,
    ) -> Result<Response<Incoming>, ClientError> {
        connection.send_request(self.signed(outgoing)).await.map_err(|source| self.broken(source))
    }

    fn signed(&self, outgoing: Outgoing<'_>) -> Request<Full<Bytes>> {
        let Outgoing { service, method, path, query, headers, body } = outgoing;
        let host = self.settings.endpoint.authority();
        let mut headers = headers.to_vec();
        headers.push(("host", &host));
        let to_sign: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = sigv4::Request { method, path, query, headers: &to_sign, body: &body };
        let credentials = sigv4::Credentials {
            access_key_id: &self.settings.access_key_id,
            secret_access_key: &self.settings.secret_access_key,
            session_token: self.settings.session_token.as_ref(),
        };
        let added = sigv4::sign(&request, &credentials, &self.settings.region, service, self.clock.now());
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = Request::builder().method(method).uri(format!("{path}{mark}{query}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in added {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from(body))).expect("the settings hold visible ASCII only")
    }

    async fn read_good(&self, response: Response<Incoming>) -> Result<Sensitive<Vec<u8>>, ClientError> {
        match response.status().as_u16() {
            200 => self.read(response.into_body()).await,
            _ => Err(self.refusal(response).await),
        }
    }

    /// The error that an answer tells.
    async fn refusal(&self, response: Response<Incoming>) -> ClientError {
        let status = response.status().as_u16();
        let code = response.headers().get(ERROR_TYPE).and_then(|code| code.to_str().ok()).map(plain);
        let body = match self.read(response.into_body()).await {
            Ok(body) => serde_json::from_slice(body.expose()).unwrap_or(Value::Null),
            Err(error) => return error,
        };
        let member = |name: &str| Some(plain(body.get(name)?.as_str()?));
        let sentence = member("Message").or_else(|| member("message"));
        match (code.or_else(|| member("__type")), sentence) {
            (Some(code), Some(sentence)) => ClientError::Refused { status, code, sentence },
            _ => ClientError::NotKeywheel { endpoint: self.settings.endpoint.to_string(), status },
        }
    }

    async fn read(&self, mut body: Incoming) -> Result<Sensitive<Vec<u8>>, ClientError> {
        let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if told > ANSWER_BYTES_MAX {
            return Err(ClientError::TooLong);
        }
        // Room for all of it at once, so that no copy is left behind when it grows.
        let mut read = Sensitive::new(Vec::with_capacity(told));
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|source| self.broken(source))?.into_data() else { continue };
            if read.expose().len() + data.len() > ANSWER_BYTES_MAX {
                return Err(ClientError::TooLong);
            }
            read.expose_mut().extend_from_slice(&data);
        }
        Ok(read)
    }

    fn broken(&self, source: hyper::Error) -> ClientError {
        ClientError::Broken { endpoint: self.settings.endpoint.to_string(), source }
    }
}

/// What comes of something, or `None` when it takes longer.
pub(super) async fn within<T>(clock: &dyn Clock, millis: i64, done: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = done => Some(done),
        () = clock.sleep_until(clock.now().plus_millis(millis)) => None,
    }
}
