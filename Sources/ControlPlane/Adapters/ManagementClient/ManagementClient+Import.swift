import CurlKit
import FoundationEssentials
public import ProjectModel

/// What came of a dump, by the Management API.
public struct ImportSummary: Codable, Sendable, Equatable {
    public let isDryRun: Bool
    /// How many objects came as they are, by what they are.
    public let taken: [String: Int]
    /// Rows by table.
    public let rows: [String: Int]
    /// What was changed, left out, and is left to a person, and how often.
    public let changed: [String: Int]
    public let leftOut: [String: Int]
    public let byHand: [String: Int]

    enum CodingKeys: String, CodingKey {
        case isDryRun = "dry_run"
        case taken, rows, changed
        case leftOut = "left_out"
        case byHand = "by_hand"
    }
}

// Moving in.
extension ManagementClient {
    /// Longest time of an import.
    private static let importDeadline: Duration = .seconds(21_600)

    /// Imports a dump into an empty project. The dump is sent while it is read, and once: what was lost on the way is
    /// taken back by the manager.
    ///
    /// - Parameter source: hands over the pieces of the dump as plain SQL.
    public func importDump(
        into ref: ProjectRef, isDryRun: Bool,
        from source:
            @escaping @Sendable (_ take: @Sendable ([UInt8]) async throws(ClientError) -> Void)
            async throws(ClientError) -> Void
    ) async throws(ClientError) -> ImportSummary {
        let call = APICall.post(
            "platform", "projects", ref.text, "import", query: isDryRun ? [("dry_run", "true")] : [])
        let upload = HTTPUpload()
        var request = request(call, key: nil)
        request.headers.append((name: "Content-Type", value: "application/sql"))
        (request.upload, request.lane, request.totalTimeout) = (upload, .long, Self.importDeadline)
        let answer = try await send(request, upload, from: source)
        guard (200..<300).contains(answer.status) else { throw .refused(Self.refusal(answer.head, answer.body)) }
        do {
            return try JSONDecoder().decode(ImportSummary.self, from: Data(answer.body))
        } catch { throw .unexpected("\(call.method) \(call.path): the report is not readable") }
    }

    private func send(
        _ request: HTTPRequest, _ upload: HTTPUpload,
        from source:
            @escaping @Sendable (_ take: @Sendable ([UInt8]) async throws(ClientError) -> Void)
            async throws(ClientError) -> Void
    ) async throws(ClientError) -> HTTPResponse {
        let (failure, result) = await withTaskGroup(
            of: Result<HTTPResponse, ClientError>.self,
            returning: (ClientError?, Result<HTTPResponse, ClientError>).self
        ) { group in
            group.addTask {
                // Also when the request failed before anything was sent.
                defer { upload.close() }
                do throws(HTTPTransportError) { return .success(try await http.send(request)) } catch {
                    return .failure(.unreachable(error))
                }
            }
            var failure: ClientError?
            do throws(ClientError) {
                try await source { bytes throws(ClientError) in
                    // The answer says why nothing more is taken.
                    if await !upload.write(bytes) { throw ClientError.failed(Self.notTaken) }
                }
                upload.finish()
            } catch {
                failure = error
                upload.abandon()
            }
            return (failure, await group.next() ?? .failure(.failed(Self.notTaken)))
        }
        if let failure, failure != .failed(Self.notTaken) { throw failure }
        return try result.get()
    }

    private static let notTaken = "the manager took no more of the dump"
}
