import CurlKit
import FoundationEssentials
import Orchestrator

/// Turns calls into HTTP requests, and answers into documents or errors.
struct EngineWire: Sendable {
    let host: DockerHost
    /// `/v1.41`, or nothing before the version is known.
    let prefix: String
    let http: HTTPClient
    /// Asked right before a call that changes something is sent.
    var mayChange: @Sendable () -> Bool = { true }
    /// Counts the calls.
    var metrics: OutcomeMetrics?

    /// Makes the call and returns an answer whose status is a success, or 304.
    @discardableResult
    func send(_ call: EngineCall) async throws(DockerError) -> HTTPResponse {
        try checkFence(call)
        return try await counted(call) { () async throws(DockerError) in try await exchange(call) }
    }

    private func exchange(_ call: EngineCall) async throws(DockerError) -> HTTPResponse {
        var request = self.request(for: call)
        request.lane = call.isLong ? .long : .exchange
        request.totalTimeout = call.timeout
        request.responseBodyLimitBytes = call.limitBytes
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch {
            throw .transport(error)
        }
        guard Self.isSuccess(response.status) else {
            throw Self.error(status: response.status, body: response.body, call: call)
        }
        return response
    }

    /// As `send`, for calls that answer 304 when there was nothing to do.
    func change(_ call: EngineCall) async throws(DockerError) -> ChangeOutcome {
        try await send(call).status == 304 ? .unchanged : .changed
    }

    /// As `send`, with the body read as JSON.
    func document<Document: Decodable>(
        _ type: Document.Type, _ call: EngineCall
    ) async throws(DockerError) -> Document {
        let response = try await send(call)
        return try Self.decode(type, response.body, call: call.label)
    }

    /// Makes the call and returns as soon as the engine begins to answer with success.
    func stream(
        _ call: EngineCall, totalTimeout: Duration? = nil, idleTimeout: Duration? = nil,
        overflow: HTTPStreamOverflow = .pause
    ) async throws(DockerError) -> HTTPResponseStream {
        try checkFence(call)
        return try await counted(call) { () async throws(DockerError) in
            try await begin(call, totalTimeout: totalTimeout, idleTimeout: idleTimeout, overflow: overflow)
        }
    }

    private func begin(
        _ call: EngineCall, totalTimeout: Duration?, idleTimeout: Duration?, overflow: HTTPStreamOverflow
    ) async throws(DockerError) -> HTTPResponseStream {
        var request = self.request(for: call)
        request.headTimeout = call.timeout
        request.totalTimeout = totalTimeout
        request.idleTimeout = idleTimeout
        let stream: HTTPResponseStream
        do {
            stream = try await http.stream(request, overflow: overflow)
        } catch {
            throw .transport(error)
        }
        if Self.isSuccess(stream.head.status) { return stream }
        stream.limitRemainingTime(to: DockerLimits.errorBodyTimeout)
        // Only the message is read; if the body is unreadable, the status is enough.
        let body = (try? await stream.collect(limitBytes: DockerLimits.errorBodyBytes)) ?? []
        throw Self.error(status: stream.head.status, body: body, call: call)
    }

    /// Counts what comes of a call; of a stream, until it begins.
    private func counted<Value>(
        _ call: EngineCall, _ body: () async throws(DockerError) -> Value
    ) async throws(DockerError) -> Value {
        guard let metrics else { return try await body() }
        let start = ContinuousClock.now
        do {
            let value = try await body()
            metrics.count(call.template, outcome: "ok", took: ContinuousClock.now - start)
            return value
        } catch {
            metrics.count(call.template, outcome: Self.outcome(of: error), took: ContinuousClock.now - start)
            throw error
        }
    }

    private static func outcome(of error: DockerError) -> String {
        switch error {
        case .status(404, _, _): "not_found"
        case .status(..<500, _, _): "refused"
        case .transport: "unreachable"
        default: "failed"
        }
    }

    private func checkFence(_ call: EngineCall) throws(DockerError) {
        if call.isChange, !mayChange() { throw .fenced(call: call.label) }
    }

    private func request(for call: EngineCall) -> HTTPRequest {
        // The host name is of no meaning behind a Unix socket, and HTTP wants one.
        let hasBody = !call.body.isEmpty || call.upload != nil
        var request = HTTPRequest(
            method: call.method, url: "http://docker\(prefix)\(call.target)", unixSocketPath: host.socketPath,
            headers: (hasBody ? [("Content-Type", call.contentType)] : []) + call.headers, body: call.body)
        request.upload = call.upload
        return request
    }

    private static func isSuccess(_ status: Int) -> Bool {
        (200..<300).contains(status) || status == 304
    }
}

// Reading answers.
extension EngineWire {
    private struct ErrorBody: Decodable {
        let message: String
    }

    static func decode<Document: Decodable>(
        _ type: Document.Type, _ body: some Sequence<UInt8>, call: String
    ) throws(DockerError) -> Document {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch let error as DecodingError {
            throw .decoding(reason: describe(error), call: call)
        } catch {
            throw .decoding(reason: "it is not JSON", call: call)
        }
    }

    /// The engine's message if there is one, else the body's beginning.
    static func error(status: Int, body: [UInt8], call: EngineCall) -> DockerError {
        let message =
            (try? JSONDecoder().decode(ErrorBody.self, from: Data(body)).message)
            ?? String(decoding: body.prefix(DockerLimits.errorMessageCharacters), as: UTF8.self)
        return .status(status, message: bounded(message), call: call.label)
    }

    static func bounded(_ message: String) -> String {
        String(message.prefix(DockerLimits.errorMessageCharacters))
    }

    /// Where and why, without any value of the document.
    private static func describe(_ error: DecodingError) -> String {
        let (context, problem): (DecodingError.Context?, String) =
            switch error {
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            case .typeMismatch(let type, let context): (context, "\(type) was expected")
            case .valueNotFound(let type, let context): (context, "\(type) was expected, null found")
            case .dataCorrupted(let context): (context, context.codingPath.isEmpty ? "it is not JSON" : "bad value")
            @unknown default: (nil, "it cannot be decoded")
            }
        let path = context?.codingPath.map(\.stringValue).joined(separator: ".") ?? ""
        return path.isEmpty ? problem : "\(problem) (at \(path))"
    }
}

extension KeyedDecodingContainer {
    /// The value, or `fallback` where the engine leaves the field out or writes null, as Go does for empty maps.
    func value<Value: Decodable>(_ key: Key, default fallback: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
}
