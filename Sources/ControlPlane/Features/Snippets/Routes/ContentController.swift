import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SnippetModel

/// `/platform/projects/{ref}/content`: SQL snippets and reports. Only the owner sees a private one, whatever role
/// others have; all members of the project see the others.
struct ContentController: Sendable {
    let content: any ContentStore
    let time: any TimeSource

    var routes: [Route] {
        let path = "/platform/projects/{ref}/content"
        return [
            Route(
                .get, path, access: .permission(.snippetsRead),
                operation: Operation(
                    summary: "Snippets and reports", query: ContentQueryParameters.all,
                    answer: .json(CursorPage<[ContentRow]>.schema(.array(ContentRow.schema)))), handler: list),
            put(.put, path: path, status: .ok, summary: "Store a snippet or report under an identifier of your choice"),
            put(.post, path: path, status: .created, summary: "Create a snippet or report"),
            Route(
                .delete, path, access: .permission(.snippetsWrite), effect: .unaudited,
                operation: Operation(
                    summary: "Delete snippets and reports", query: [ContentQueryParameters.ids],
                    answer: .json(.array(.fields(.init("id", .uuid))))), handler: delete),
            Route(
                .get, "\(path)/count", access: .permission(.snippetsRead),
                operation: Operation(
                    summary: "How many there are", query: ContentQueryParameters.filters,
                    answer: .of(ContentCountBody.self)), handler: count),
            Route(
                .get, "\(path)/item/{id}", access: .permission(.snippetsRead),
                operation: Operation(summary: "One snippet or report", answer: .of(ContentRow.self)), handler: read),
        ]
    }

    private func put(
        _ method: HTTPRequest.Method, path: String, status: HTTPResponse.Status, summary: String
    ) -> Route {
        Route(
            method, path, access: .permission(.snippetsWrite), effect: .unaudited,
            operation: Operation(
                summary: summary, body: .json(ContentBody.schema), answer: .of(ContentRow.self, status),
                refusals: [Operation.Refusal(status: .conflict, meaning: "the identifier is taken")])
        ) { request in
            let record = try request.project()
            let draft = try request.decode(ContentBody.self).draft(of: record.ref)
            let item = try await stored { () async throws(ContentError) in
                try await content.put(draft, by: try author(request), at: time.now())
            }
            return try APIResponse(status, json: ContentRow(item, project: record.number))
        }
        .takingLargeBody
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let query = try ContentQueryParameters.parse(
            request.query, viewer: try request.caller().account.id, refs: [record.ref])
        let page = try await stored { () async throws(ContentError) in try await content.items(query) }
        return try APIResponse(
            json: CursorPage(
                data: page.items.map { ContentRow($0, project: record.number) }, cursor: page.cursor?.text))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let ids = try ContentText.identifiers(request.query)
        let (ref, account) = (try request.ref(), try request.caller().account.id)
        let deleted = try await stored { () async throws(ContentError) in
            try await content.delete(ids, of: ref, by: account)
        }
        return try APIResponse(json: deleted.map { ["id": $0] })
    }

    private func count(_ request: APIRequest) async throws -> APIResponse {
        let query = try ContentQueryParameters.parse(
            request.query, viewer: try request.caller().account.id, refs: [try request.ref()])
        let count = try await stored { () async throws(ContentError) in try await content.count(query) }
        return try APIResponse(json: ContentCountBody(count))
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let (id, account) = (try request.uuid("id"), try request.caller().account.id)
        let item = try await stored { () async throws(ContentError) in try await content.item(id, for: account) }
        let record = try request.project()
        guard let item, item.ref == record.ref else { throw APIError.noSnippet }
        return try APIResponse(json: ContentRow(item, project: record.number))
    }

    private func author(_ request: APIRequest) throws(ContentError) -> ContentAuthor {
        // Only admitted requests come here, and those have a caller.
        guard let account = request.principal?.account else { throw .forbidden("an access token is needed") }
        return ContentAuthor(id: account.id, number: account.number, username: account.username)
    }
}

/// Runs a call of the store of snippets.
func stored<Value>(_ body: () async throws(ContentError) -> Value) async throws(APIError) -> Value {
    do { return try await body() } catch { throw APIError(error) }
}

extension APIError {
    /// 404 for a snippet.
    static let noSnippet = APIError(.notFound, "there is no such snippet or report that you see")
}
