/// A request to a provider.
public struct ProviderRequest: Sendable {
    /// `GET` or `POST`.
    public var method: String
    /// An absolute URL, percent-encoded.
    public var url: String
    /// Header fields in their order.
    public var headers: [(name: String, value: String)] = []
    /// A form, or nothing.
    public var body: [UInt8] = []

    init(_ method: String, _ url: String, headers: [(name: String, value: String)] = []) {
        self.method = method
        self.url = url
        self.headers = headers + [("Accept", "application/json")]
    }

    init(form: [(name: String, value: String)], to url: String, headers: [(name: String, value: String)] = []) {
        self.init("POST", url, headers: headers + [("Content-Type", "application/x-www-form-urlencoded")])
        body = Array(FormText.encode(form).utf8)
    }
}

/// An answer of a provider.
public struct ProviderAnswer: Sendable {
    /// The status code.
    public var status: Int
    /// The whole body.
    public var body: [UInt8]

    /// An answer.
    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why a provider gave no answer. Holds no secret.
public struct ProviderTransportError: Error, Sendable, CustomStringConvertible {
    /// The reason.
    public var description: String

    /// An error.
    public init(_ description: String) { self.description = description }
}

/// The way to the providers.
///
/// An implementation follows no redirect, keeps ``ProviderLimits``, and checks certificates.
public protocol ProviderTransport: Sendable {
    /// Sends a request and gives the answer, with any status.
    func send(_ request: ProviderRequest) async throws(ProviderTransportError) -> ProviderAnswer
}

/// Bounds of exchanges with providers.
public enum ProviderLimits {
    /// Longest time of connecting.
    public static let connectTimeout: Duration = .seconds(5)
    /// Longest time of one exchange.
    public static let exchangeTimeout: Duration = .seconds(10)
    /// Most bytes of an answer.
    public static let answerBytesMax = 512 << 10
    /// Exchanges at once, of all providers together.
    public static let exchangesMax = 16
    /// Exchanges that wait for one of them.
    public static let waitingMax = 128
    /// Longest wait.
    public static let waitMax: Duration = .seconds(5)
    /// Values in one JSON document, and its depth.
    static let valuesMax = 20_000
    static let depthMax = 32
}

/// Where nothing leads to a provider.
struct NoProviderTransport: ProviderTransport {
    func send(_ request: ProviderRequest) async throws(ProviderTransportError) -> ProviderAnswer {
        throw ProviderTransportError("this server has no way to providers")
    }
}
