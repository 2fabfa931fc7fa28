import CurlKit
import FoundationEssentials
public import ProjectModel

extension QueryRows {
    /// A JSON text as Swift's.
    static func text(_ quoted: ArraySlice<UInt8>) -> String? {
        do { return try JSONDecoder().decode(String.self, from: Data(quoted)) } catch { return nil }
    }
}

// Databases of projects.
extension ManagementClient {
    /// Runs SQL in a project's database as its owner.
    ///
    /// - Throws: ``ClientError/refused(_:)`` with PostgreSQL's report of what it refuses.
    public func runSQL(_ text: String, isReadOnly: Bool, in ref: ProjectRef) async throws(ClientError) -> QueryRows {
        struct Body: Encodable {
            let query: String
            let read_only: Bool
        }
        var call = try APICall.post(
            "v1", "projects", ref.text, "database", "query", json: Body(query: text, read_only: isReadOnly)
        ).unkeyed
        call.deadline = .seconds(300)
        let response = try await send(call)
        do {
            return QueryRows(
                columns: QueryRows.columns(of: response.body),
                rows: try JSONDecoder().decode([[String: JSONValue]].self, from: Data(response.body)))
        } catch { throw .unexpected("\(call.method) \(call.path): the rows are not readable") }
    }

    /// Gives a project another name.
    public func rename(_ ref: ProjectRef, to name: String) async throws(ClientError) {
        try await send(.patch("platform", "projects", ref.text, json: ["name": name]))
    }
}
