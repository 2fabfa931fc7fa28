import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SnippetModel

/// `/platform/projects/{ref}/content/folders`: folders of private snippets. Only their owner sees them.
struct ContentFoldersController: Sendable {
    let content: any ContentStore

    var routes: [Route] {
        let path = "/platform/projects/{ref}/content/folders"
        let listing = CursorPage<ContentFolderListing>.schema(ContentFolderListing.schema)
        let query = ContentQueryParameters.paging + ContentQueryParameters.filters
        return [
            Route(
                .get, path, access: .permission(.snippetsRead),
                operation: Operation(
                    summary: "Your folders, and your private snippets that lie in none", query: query,
                    answer: .json(listing))
            ) { try await list($0, in: nil) },
            Route(
                .get, "\(path)/{id}", access: .permission(.snippetsRead),
                operation: Operation(summary: "What lies in a folder of yours", query: query, answer: .json(listing))
            ) { try await list($0, in: try $0.uuid("id")) },
            Route(
                .post, path, access: .permission(.snippetsWrite), effect: .unaudited,
                operation: Operation(
                    summary: "Make a folder", body: .json(ContentFolderBody.schema),
                    answer: .of(ContentFolderRow.self, .created)), handler: create),
            Route(
                .patch, "\(path)/{id}", access: .permission(.snippetsWrite), effect: .unaudited,
                operation: Operation(
                    summary: "Rename or move a folder", body: .json(ContentFolderBody.schema),
                    answer: .of(ContentFolderRow.self)), handler: change),
            Route(
                .delete, path, access: .permission(.snippetsWrite), effect: .unaudited,
                operation: Operation(
                    summary: "Delete folders with everything in them", query: [ContentQueryParameters.ids],
                    answer: .empty(.ok)), handler: delete),
        ]
    }

    private func folders(_ request: APIRequest) async throws(APIError) -> [ContentFolder] {
        let (ref, account) = (try request.ref(), try request.caller().account.id)
        return try await stored { () async throws(ContentError) in try await content.folders(of: ref, owner: account) }
    }

    /// A search covers all folders; without one, a page shows one of them. Only the first page has the folders.
    private func list(_ request: APIRequest, in parent: String?) async throws -> APIResponse {
        let record = try request.project()
        let all = try await folders(request)
        if let parent, !all.contains(where: { $0.id == parent }) { throw APIError.noFolder }
        var query = try ContentQueryParameters.parse(
            request.query, viewer: try request.caller().account.id, refs: [record.ref])
        query.visibilities = [.user]
        query.place = parent.map { .folder($0) } ?? (query.name == nil ? .top : nil)
        let page = try await stored { () async throws(ContentError) in try await content.items(query) }
        let shown = all.filter { folder in
            query.cursor == nil && (query.name == nil || parent != nil ? folder.parentID == parent : true)
                && query.name.map { folder.name.lowercased().contains($0.lowercased()) } ?? true
        }
        let listing = ContentFolderListing(
            folders: shown.map { ContentFolderRow($0, project: record.number) },
            contents: page.items.map { ContentRow($0, project: record.number, withContent: false) })
        return try APIResponse(json: CursorPage(data: listing, cursor: page.cursor?.text))
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let body = try request.decode(ContentFolderBody.self)
        guard let name = body.name else { throw APIError(.badRequest, "name is missing") }
        let account = try request.caller().account
        let folder = ContentFolder(
            id: UUID().uuidString.lowercased(), ref: record.ref,
            owner: ContentAuthor(id: account.id, number: account.number, username: account.username),
            parentID: body.parentID(otherwise: nil), name: try ContentText.name(name))
        return try await put(folder, in: record, .created)
    }

    private func change(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.uuid("id")
        guard var folder = try await folders(request).first(where: { $0.id == id }) else { throw APIError.noFolder }
        let body = try request.decode(ContentFolderBody.self)
        if let name = body.name { folder.name = try ContentText.name(name) }
        folder.parentID = body.parentID(otherwise: folder.parentID)
        return try await put(folder, in: try request.project(), .ok)
    }

    private func put(
        _ folder: ContentFolder, in record: ProjectRecord, _ status: HTTPResponse.Status
    ) async throws -> APIResponse {
        let stored = try await stored { () async throws(ContentError) in try await content.put(folder) }
        return try APIResponse(status, json: ContentFolderRow(stored, project: record.number))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let ids = try ContentText.identifiers(request.query)
        let (ref, account) = (try request.ref(), try request.caller().account.id)
        try await stored { () async throws(ContentError) in
            try await content.deleteFolders(ids, of: ref, owner: account)
        }
        return APIResponse(.ok)
    }
}

extension APIError {
    /// 404 for a folder.
    fileprivate static let noFolder = APIError(.notFound, "you have no such folder in this project")
}
