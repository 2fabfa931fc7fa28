import CurlKit
import FoundationEssentials
public import ProjectModel

// Functions of a project.
extension ManagementClient {
    /// Longest time of a call of a function: that to its answer, and some for the rest.
    private static let callDeadline: Duration = .seconds(180)

    /// The functions of a project.
    public func functions(of ref: ProjectRef) async throws(ClientError) -> [FunctionSummary] {
        try await answer(.get("v1", "projects", ref.text, "functions"))
    }

    /// Deploys a function, as a new one or as its next version.
    public func deploy(_ upload: FunctionUpload, to ref: ProjectRef) async throws(ClientError) -> FunctionSummary {
        let boundary = "supamanager-" + UUID().uuidString
        let form = try upload.form(boundary: boundary)
        return try await answer(
            APICall.post(
                "v1", "projects", ref.text, "functions", "deploy", query: [("slug", upload.slug)], body: form,
                contentType: "multipart/form-data; boundary=\(boundary)"))
    }

    public func deleteFunction(_ slug: String, of ref: ProjectRef) async throws(ClientError) {
        try await send(.delete("v1", "projects", ref.text, "functions", slug))
    }

    /// Calls a function at its project's own address, once: what it does is not known.
    ///
    /// - Returns: its status and its answer.
    public func call(
        _ slug: String, at address: String, method: String, body: [UInt8], key: Secret<String>
    ) async throws(ClientError) -> (status: Int, body: [UInt8]) {
        var headers = [
            (name: "User-Agent", value: "supamanager/\(version)"), (name: "apikey", value: key.reveal()),
            (name: "Authorization", value: "Bearer \(key.reveal())"),
        ]
        if !body.isEmpty { headers.append((name: "Content-Type", value: "application/json")) }
        do throws(HTTPTransportError) {
            let response = try await http.send(
                HTTPRequest(
                    method: method, url: "\(address)/functions/v1/\(slug)", headers: headers, body: body,
                    totalTimeout: Self.callDeadline))
            return (response.status, response.body)
        } catch { throw .failed("the function cannot be called at \(address): \(error)") }
    }
}
