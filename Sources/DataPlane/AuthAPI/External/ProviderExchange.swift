import DataPlaneCore

/// Bounds of exchanges with providers of sign-in.
enum ProviderLimits {
    /// Longest time of one exchange.
    static let exchangeTimeout: Duration = .seconds(10)
    /// Most bytes of an answer.
    static let answerBytesMax = 512 << 10
    /// Values in one JSON document, and its depth.
    static let valuesMax = 20_000
    static let depthMax = 32
}

extension OutboundRequest {
    /// A request to a provider of sign-in, within its bounds.
    static func provider(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = []
    ) -> OutboundRequest {
        OutboundRequest(
            method: method, url: url, headers: headers + accept, timeout: ProviderLimits.exchangeTimeout,
            responseBytesMax: ProviderLimits.answerBytesMax)
    }

    /// A form for a provider of sign-in, within its bounds.
    static func provider(
        form: [(name: String, value: String)], to url: String, headers: [(name: String, value: String)] = []
    ) -> OutboundRequest {
        OutboundRequest(
            form: form, to: url, headers: headers + accept, timeout: ProviderLimits.exchangeTimeout,
            responseBytesMax: ProviderLimits.answerBytesMax)
    }

    private static var accept: [(name: String, value: String)] { [("Accept", "application/json")] }
}

/// Sends requests to providers of sign-in, in the words of their failures.
struct ProviderExchange: Sendable {
    let http: (any OutboundHTTP)?

    /// The answer, of any status and within the bounds of this server, whatever the way to the provider kept.
    func answer(to request: OutboundRequest) async throws(ProviderFailure) -> OutboundResponse {
        guard let http else { throw .unavailable("this server has no way to providers") }
        let answer: OutboundResponse
        do throws(OutboundFailure) { answer = try await http.send(request) } catch {
            switch error {
            case .timedOut: throw .unavailable("it did not answer in time")
            case .tooLarge: throw .tooLarge
            case .unreachable(let reason): throw .unavailable(reason)
            }
        }
        guard answer.body.count <= ProviderLimits.answerBytesMax else { throw .tooLarge }
        return answer
    }
}

extension ProviderFailure {
    fileprivate static var tooLarge: ProviderFailure {
        .unreadable("it has more than \(ProviderLimits.answerBytesMax) bytes")
    }
}

extension OutboundResponse {
    var isSuccess: Bool { (200..<300).contains(status) }

    /// A provider's body as a JSON document, within its bounds.
    var document: JSONText? {
        var limits = JSONText.Limits()
        limits.depthMax = ProviderLimits.depthMax
        limits.valuesMax = ProviderLimits.valuesMax
        return try? JSONText(body, limits: limits)
    }

    /// The provider's word for an error, if it is one that may stand in a log.
    var errorName: String? {
        guard let name = document?["error"]?.stringValue, name.utf8.count <= 64,
            name.unicodeScalars.allSatisfy({ ("a"..."z").contains($0) || $0 == "_" })
        else { return nil }
        return name
    }
}
