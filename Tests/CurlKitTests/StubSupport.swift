import CurlKit
import HTTPStub
import Testing

/// Runs a test with a stub and a client, and takes both down whatever happens. Afterwards no request may be left.
func withStub(
    _ transport: StubServer.Transport = .unixSocket, limits: HTTPClientLimits = HTTPClientLimits(),
    answer: @escaping @Sendable (StubRequest) -> [StubStep],
    test: (HTTPClient, StubServer) async throws -> Void
) async throws {
    let stub = try StubServer(transport, answer: answer)
    defer { stub.stop() }
    let client = try HTTPClient(limits: limits)
    let outcome: Result<Void, any Error>
    do {
        try await test(client, stub)
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await client.shutdown()
    #expect(client.load.exchanges == 0)
    #expect(client.load.long == 0)
    try outcome.get()
}

extension StubServer {
    func request(
        _ method: String = "GET", _ target: String = "/", body: [UInt8] = [], headers: [(String, String)] = []
    ) -> HTTPRequest {
        HTTPRequest(
            method: method, url: (socketPath.isEmpty ? "http://127.0.0.1:\(port)" : "http://stub") + target,
            unixSocketPath: socketPath.isEmpty ? nil : socketPath,
            headers: headers.map { (name: $0.0, value: $0.1) }, body: body)
    }
}

/// The code of the transport error that `body` throws; records an issue if it throws none.
func transportCode(_ body: () async throws -> Void) async -> HTTPTransportError.Code? {
    do {
        try await body()
        Issue.record("no error was thrown")
        return nil
    } catch let error as HTTPTransportError {
        return error.code
    } catch {
        Issue.record("another kind of error was thrown: \(error)")
        return nil
    }
}

extension [UInt8] {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}
