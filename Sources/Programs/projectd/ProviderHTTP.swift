import AuthAPI
import CurlKit

/// The way to providers by libcurl. Redirects are not followed, proxies not used, certificates checked.
struct ProviderHTTP: ProviderTransport {
    private let client: HTTPClient

    /// Starts the client's threads.
    init() throws(HTTPTransportError) {
        client = try HTTPClient(
            limits: HTTPClientLimits(
                exchangeConnections: ProviderLimits.exchangesMax, longConnections: 1,
                waitingRequests: ProviderLimits.waitingMax, queueTimeout: ProviderLimits.waitMax,
                connectTimeout: ProviderLimits.connectTimeout, exchangeTimeout: ProviderLimits.exchangeTimeout,
                responseBodyBytes: ProviderLimits.answerBytesMax))
    }

    func send(_ request: ProviderRequest) async throws(ProviderTransportError) -> ProviderAnswer {
        do throws(HTTPTransportError) {
            let response = try await client.send(
                HTTPRequest(
                    method: request.method, url: request.url, headers: request.headers, body: request.body))
            return ProviderAnswer(status: response.status, body: response.body)
        } catch { throw ProviderTransportError(error.description) }
    }

    func close() async { await client.shutdown() }
}
