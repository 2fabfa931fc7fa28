import AuthAPI
import CurlKit

/// The way to hooks and providers by libcurl. Redirects are not followed, proxies not used, certificates checked.
struct OutboundClient: OutboundHTTP {
    /// Bounds of all exchanges together; each has closer ones of its own.
    private static var limits: HTTPClientLimits {
        HTTPClientLimits(
            exchangeConnections: 16, longConnections: 1, waitingRequests: 128, queueTimeout: .seconds(5),
            connectTimeout: .seconds(5), exchangeTimeout: .seconds(10), responseBodyBytes: 1 << 20,
            responseHeadBytes: 32 << 10, requestBodyBytes: 2 << 20)
    }

    private let client: HTTPClient

    /// Starts the client's threads.
    init() throws(HTTPTransportError) { client = try HTTPClient(limits: Self.limits) }

    func send(_ request: OutboundRequest) async throws(OutboundFailure) -> OutboundResponse {
        do throws(HTTPTransportError) {
            let answer = try await client.send(
                HTTPRequest(
                    method: request.method, url: request.url, headers: request.headers, body: request.body,
                    totalTimeout: request.timeout,
                    responseBodyLimitBytes: min(request.responseBytesMax, client.limits.responseBodyBytes)))
            return OutboundResponse(
                status: answer.status, headers: answer.headers.fields.map { ($0.name.lowercased(), $0.value) },
                body: answer.body)
        } catch {
            switch error.code {
            case .connectTimedOut, .timedOut, .idleTimedOut, .queueTimedOut, .cancelled: throw .timedOut
            case .bodyTooLarge: throw .tooLarge
            default: throw .unreachable("\(error)")
            }
        }
    }

    /// Ends what is in progress, and the threads.
    func close() async { await client.shutdown() }
}
