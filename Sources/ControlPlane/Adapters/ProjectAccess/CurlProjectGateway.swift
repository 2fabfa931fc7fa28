public import CurlKit
public import Orchestrator
import ProjectModel

/// Every bound that ``CurlProjectGateway`` keeps.
public struct ProjectGatewayLimits: Sendable {
    /// Time for a connection.
    public var connectTimeout: Duration = .seconds(3)
    /// Time for the whole exchange.
    public var totalTimeout: Duration = .seconds(15)
    /// Bytes of an answer's body.
    public var maximumAnswerBytes = 32 << 20
    /// Bytes of a request's body. Files of any size go from the browser to the project itself.
    public var maximumRequestBytes = 8 << 20
    /// Requests that one project's gateway may be answering.
    public var requestsPerProject = 8
    /// Requests that all gateways may be answering.
    public var requests = 64
    /// Requests that may wait for their turn.
    public var waitingRequests = 256
    /// Those of them that may wait for one project.
    public var waitingRequestsPerProject = 32
    /// How long a request may wait for its turn.
    public var waitTimeout: Duration = .seconds(10)

    /// The default limits.
    public init() {}

    /// The limits of the client that gateways get for themselves: a connection for each request that may be under way.
    public var client: HTTPClientLimits {
        HTTPClientLimits(
            exchangeConnections: requests, longConnections: 1, waitingRequests: requests, queueTimeout: waitTimeout,
            connectTimeout: connectTimeout, exchangeTimeout: totalTimeout, responseBodyBytes: maximumAnswerBytes,
            requestBodyBytes: maximumRequestBytes)
    }
}

/// Sends requests to projects' gateways over libcurl, with the project's own service key.
///
/// A project decides how slowly its gateway answers. So gateways have a client for themselves, and each project a
/// bounded share of it.
public struct CurlProjectGateway: ProjectGateway {
    private let client: HTTPClient
    private let limits: ProjectGatewayLimits
    private let limiter: SessionLimiter<ProjectGatewayError>

    /// An adapter on a client that nothing else uses (``ProjectGatewayLimits/client``); the client's own limits apply as
    /// well.
    public init(client: HTTPClient, limits: ProjectGatewayLimits = ProjectGatewayLimits()) {
        self.client = client
        self.limits = limits
        limiter = SessionLimiter(
            SessionQueue.Limits(
                perProject: limits.requestsPerProject, perAccount: limits.requests, maximum: limits.requests,
                waiters: limits.waitingRequests, waitersPerHolder: limits.waitingRequestsPerProject),
            waitTimeout: limits.waitTimeout)
    }

    /// Sends a request and returns the response, with any status.
    public func send(
        _ request: GatewayRequest, to target: GatewayTarget
    ) async throws(ProjectGatewayError) -> GatewayAnswer {
        guard request.body.count <= limits.maximumRequestBytes else {
            throw .invalid("the request's body has more than \(limits.maximumRequestBytes) bytes")
        }
        return try await limiter.withSession(for: SessionQueue.Holder(ref: target.ref)) {
            () async throws(ProjectGatewayError) in try await exchange(request, target)
        }
    }

    private func exchange(
        _ request: GatewayRequest, _ target: GatewayTarget
    ) async throws(ProjectGatewayError) -> GatewayAnswer {
        do throws(HTTPTransportError) {
            let response = try await client.send(httpRequest(request, to: target))
            return GatewayAnswer(
                status: response.status, contentType: response.headers["content-type"], body: response.body)
        } catch {
            throw translated(error, target)
        }
    }

    private func httpRequest(_ request: GatewayRequest, to target: GatewayTarget) -> HTTPRequest {
        let key = target.serviceKey.reveal()
        let own = [(name: "apikey", value: key), (name: "Authorization", value: "Bearer " + key)]
        let base = target.baseURL.hasSuffix("/") ? String(target.baseURL.dropLast()) : target.baseURL
        return HTTPRequest(
            method: request.method, url: base + request.target,
            headers: GatewayHeaders.passedOn(request.headers) + own, body: request.body,
            connectTimeout: limits.connectTimeout, totalTimeout: limits.totalTimeout,
            responseBodyLimitBytes: limits.maximumAnswerBytes)
    }

    private func translated(_ error: HTTPTransportError, _ target: GatewayTarget) -> ProjectGatewayError {
        switch error.code {
        case .cancelled: .cancelled
        case .timedOut, .idleTimedOut: .timedOut(limits.totalTimeout)
        case .bodyTooLarge: .tooLarge(limitBytes: limits.maximumAnswerBytes)
        case .queueFull, .queueTimedOut: .busy
        case .invalidRequest, .requestTooLarge: .invalid("the request to project \(target.ref): \(error)")
        default: .unreachable("the gateway of project \(target.ref) cannot be reached: \(error)")
        }
    }
}

/// The header fields of a caller's request that are forwarded to a project.
enum GatewayHeaders {
    /// Dropped: fields that identify the caller (the service key does), describe the connection (RFC 9110, section
    /// 7.6.1), or are set by libcurl itself. Without `Accept-Encoding` bodies come uncompressed.
    private static let dropped: Set<String> = [
        "apikey", "x-api-key", "sb-api-key", "authorization", "proxy-authorization", "proxy-authenticate", "cookie",
        "connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect",
        "host", "content-length", "accept-encoding",
    ]

    /// The fields that remain; those that a `Connection` field names belong to the caller's connection too.
    static func passedOn(_ headers: [(String, String)]) -> [(name: String, value: String)] {
        let named = headers.filter { $0.0.lowercased() == "connection" }
            .flatMap { $0.1.split(separator: ",") }
            .map { field in String(field.filter { $0 != " " && $0 != "\t" }).lowercased() }
        let refused = dropped.union(named)
        return headers.filter { !refused.contains($0.0.lowercased()) }.map { (name: $0.0, value: $0.1) }
    }
}
