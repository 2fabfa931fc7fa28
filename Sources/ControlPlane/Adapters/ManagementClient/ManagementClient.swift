public import CurlKit
import FoundationEssentials
public import ProjectModel

/// A Management API at the other end of the wire: typed questions, typed answers, bounded tries.
///
/// Reads are tried again when the API cannot be reached or cannot answer. Changes carry an `Idempotency-Key`, so that
/// they are safe to send again when an answer is lost.
public struct ManagementClient: Sendable {
    /// The API's address.
    public let address: APIAddress
    /// The version in `User-Agent: supamanager/…`.
    public let version: String
    /// When requests are sent again.
    public var policy: RetryPolicy
    let token: Secret<String>?
    let http: HTTPClient
    let pause: @Sendable (Duration) async throws -> Void

    /// Most bytes of a message that is taken over from an answer.
    static let messageLengthMax = 2_000

    /// A client.
    ///
    /// - Parameters:
    ///   - token: what to present as `Authorization: Bearer`; without one only sign-in works.
    ///   - pause: waits between retries and polls; replaced in tests.
    public init(
        _ address: APIAddress, token: Secret<String>?, version: String, http: HTTPClient,
        policy: RetryPolicy = RetryPolicy(),
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.address = address
        self.token = token
        self.version = version
        self.http = http
        self.policy = policy
        self.pause = pause
    }

    /// The same API with another token.
    public func presenting(_ token: Secret<String>) -> ManagementClient {
        ManagementClient(address, token: token, version: version, http: http, policy: policy, pause: pause)
    }

    /// Sends a call and reads its answer.
    func answer<Answer: Decodable>(_ call: APICall, as type: Answer.Type = Answer.self) async throws(ClientError)
        -> Answer
    {
        let response = try await send(call)
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch let error as DecodingError {
            throw .unexpected("\(call.method) \(call.path): \(Self.words(for: error))")
        } catch { throw .unexpected("\(call.method) \(call.path)") }
    }

    /// Sends a call, again if need be, and returns its successful answer.
    @discardableResult
    func send(_ call: APICall) async throws(ClientError) -> HTTPResponse {
        let key = call.isKeyed && call.method != "GET" ? UUID().uuidString.lowercased() : nil
        var tries = 1
        while true {
            let outcome: RetryPolicy.Outcome
            let failure: ClientError
            do throws(HTTPTransportError) {
                let response = try await http.send(request(call, key: key))
                if (200..<300).contains(response.status) { return response }
                let refusal = Self.refusal(response.head, response.body)
                (outcome, failure) = (.status(refusal.status, retryAfter: refusal.retryAfter), .refused(refusal))
            } catch {
                (outcome, failure) = (.transport(error), .unreachable(error))
            }
            guard let delay = policy.delay(after: outcome, tries: tries, of: call.kind) else { throw failure }
            do { try await pause(delay) } catch { throw failure }
            tries += 1
        }
    }

    func request(_ call: APICall, key: String?) -> HTTPRequest {
        var headers = [(name: "User-Agent", value: "supamanager/\(version)"), (name: "Accept", value: "*/*")]
        if let token { headers.append((name: "Authorization", value: "Bearer \(token.reveal())")) }
        if let key { headers.append((name: "Idempotency-Key", value: key)) }
        if !call.body.isEmpty { headers.append((name: "Content-Type", value: call.contentType)) }
        return HTTPRequest(
            method: call.method, url: address.text + call.target, headers: headers, body: call.body,
            totalTimeout: call.deadline)
    }

    /// What an answer with the status of an error says. GoTrue has other names for the message than the rest.
    static func refusal(_ head: HTTPResponseHead, _ bytes: [UInt8]) -> ClientError.Refusal {
        struct Body: Decodable {
            let message, msg, error_description, error: String?
        }
        let body = try? JSONDecoder().decode(Body.self, from: Data(bytes))
        let given = body?.message ?? body?.msg ?? body?.error_description ?? body?.error
        let message = DisplayText.oneLine(given ?? "the API answered without a reason")
        return ClientError.Refusal(
            status: head.status, message: String(message.prefix(messageLengthMax)),
            retryAfter: head.headers["Retry-After"].flatMap { Int($0) })
    }

    /// The field that is not as expected, never its value.
    private static func words(for error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(field(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(field(context.codingPath)) is of another type"
        case .dataCorrupted(let context): "\(field(context.codingPath)) is not readable"
        @unknown default: "it is not readable"
        }
    }

    private static func field(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the body" : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
