import CurlKit
import DockerEngine
import FoundationEssentials
import HTTPStub
import Testing

/// Runs a test with a client that is connected to a stub engine. `answer` is asked for everything but `GET /version`.
func withStubEngine(
    api: String = "1.41", answer: @escaping @Sendable (StubRequest) -> [StubStep],
    test: (DockerClient, StubServer) async throws -> Void
) async throws {
    let stub = try StubServer { request in
        request.target == "/version" ? [.response(200, #"{"ApiVersion": "\#(api)", "Version": "x"}"#)] : answer(request)
    }
    defer { stub.stop() }
    let http = try HTTPClient()
    let outcome: Result<Void, any Error>
    do {
        let host = try DockerHost(parsing: "unix://\(stub.socketPath)")
        try await test(try await DockerClient.connect(to: host, http: http), stub)
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await http.shutdown()
    try outcome.get()
}

extension StubServer {
    /// The requests after the one for the version.
    var calls: [StubRequest] { Array(requests.dropFirst()) }

    /// The only call, which must have been made.
    func onlyCall() throws -> StubRequest {
        try #require(calls.count == 1)
        return try #require(calls.first)
    }
}

extension StubRequest {
    /// Method, path and decoded query, in one line.
    var summary: String {
        let pairs = query.map { "\($0.name)=\($0.value)" }
        return "\(method) \(path)" + (pairs.isEmpty ? "" : " " + pairs.joined(separator: " "))
    }

    /// The body as JSON with sorted keys, so that it can be compared as text.
    var sortedBody: String {
        get throws { try sortedJSON(bodyText) }
    }
}

/// JSON without white space and with sorted keys.
func sortedJSON(_ text: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let value = try JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Any JSON value.
indirect enum AnyJSON: Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([AnyJSON])
    case object([String: AnyJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([AnyJSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: AnyJSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

/// A frame of a container's output, as the engine sends it.
func outputFrame(_ stream: UInt8, _ text: String) -> [UInt8] {
    let count = UInt32(text.utf8.count)
    return [stream, 0, 0, 0] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
        + Array(text.utf8)
}
