import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SnippetModel

/// `/v1/snippets`: the SQL snippets of all projects that the caller sees.
struct V1SnippetsController: Sendable {
    let catalog: ProjectCatalog
    let content: any ContentStore

    var routes: [Route] {
        [
            Route(
                .get, "/v1/snippets", access: .permission(.snippetsRead),
                operation: Operation(
                    summary: "SQL snippets that you see",
                    query: ContentQueryParameters.paging + [
                        Operation.Parameter(name: "project_ref", schema: .ref, description: "Only of this project")
                    ], answer: .json(CursorPage<[V1Snippet]>.schema(.array(V1Snippet.schema))),
                    refusals: [Operation.Refusal(status: .notFound, meaning: "no such project")]), handler: list),
            Route(
                .get, "/v1/snippets/{id}", access: .permission(.snippetsRead),
                operation: Operation(summary: "One SQL snippet", answer: .json(V1SnippetWithContent.schema)),
                handler: read),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let projects = try await projects(request)
        var query = try ContentQueryParameters.parse(
            request.query, viewer: caller.account.id, refs: projects.keys.sorted())
        query.kinds = [.sql]
        (query.visibilities, query.isFavorite, query.name) = (nil, nil, nil)
        let page = try await stored { () async throws(ContentError) in try await content.items(query) }
        let rows = page.items.compactMap { item in
            projects[item.ref].map { V1Snippet(item, of: $0) }
        }
        return try APIResponse(json: CursorPage(data: rows, cursor: page.cursor?.text))
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let (id, caller) = (try request.uuid("id"), try request.caller())
        let item = try await stored { () async throws(ContentError) in
            try await content.item(id, for: caller.account.id)
        }
        guard let item, item.kind == .sql else { throw APIError.noSnippet }
        let record: ProjectRecord
        do { record = try await catalog.project(item.ref) } catch .notFound { throw APIError.noSnippet }
        do { try caller.require([.snippetsRead], in: record.organizationSlug, project: record.ref) } catch {
            throw APIError.noSnippet
        }
        return try APIResponse(json: V1SnippetWithContent(snippet: V1Snippet(item, of: record)))
    }

    /// The projects whose snippets are asked for, as far as the caller may read those.
    private func projects(_ request: APIRequest) async throws -> [ProjectRef: ProjectRecord] {
        let caller = try request.caller()
        if let text = request.query["project_ref"], !text.isEmpty {
            guard let ref = ProjectRef(text) else {
                throw APIError(.badRequest, "project_ref must be twenty letters from a to z")
            }
            let record = try await catalog.project(ref)
            try caller.require([.snippetsRead], in: record.organizationSlug, project: ref)
            return [ref: record]
        }
        let records = try await catalog.all(seenBy: caller.projectVisibility)
        let readable = records.filter {
            caller.permissions(in: $0.organizationSlug, project: $0.ref).contains(.snippetsRead)
        }
        return Dictionary(readable.map { ($0.ref, $0) }) { first, _ in first }
    }
}

/// A snippet on `/v1`.
struct V1Snippet: EncodableBody {
    let item: ContentItem
    let record: ProjectRecord

    init(_ item: ContentItem, of record: ProjectRecord) {
        self.item = item
        self.record = record
    }

    /// The project that it is kept with.
    struct Project: EncodableBody {
        let record: ProjectRecord

        static let shape = BodyShape<Self>([
            .init("id", of: \.record.number),
            .init("name", of: \.record.name.text),
        ])
    }

    static let shape = BodyShape<Self>(
        "Snippet",
        [
            .init("id", .uuid, of: \.item.id),
            .init("inserted_at", .time, of: \.item.insertedAt.rfc3339),
            .init("updated_at", .time, of: \.item.updatedAt.rfc3339),
            .init("type", .choice(["sql"]), of: \.item.kind.rawValue),
            .init("visibility", .choice(ContentVisibility.allCases.map(\.rawValue)), of: \.item.visibility.rawValue),
            .init("name", of: \.item.name),
            .nullable("description", of: \.item.summary),
            .init("project") { Project(record: $0.record) },
            .init("owner") { AuthorRow($0.item.owner) },
            .init("updated_by") { AuthorRow($0.item.updatedBy) },
            .init("favorite", of: \.item.isFavorite),
        ])
}

/// A snippet on `/v1` with its text.
struct V1SnippetWithContent: EncodableBody {
    let snippet: V1Snippet

    /// The contract wants a version and the SQL; snippets that Studio made have both.
    private var content: JSON {
        var fields: [String: JSON] = ["schema_version": "1.0", "sql": ""]
        guard case .object(let known) = snippet.item.json else { return .object(fields) }
        // What is no text where a text belongs is left out: the strict client would refuse the whole answer.
        fields.merge(known) { standard, value in if case .string = value { value } else { standard } }
        return .object(fields)
    }

    static let shape = BodyShape<Self>(
        "SnippetWithContent", including: \.snippet,
        [.init("content", .fields(.init("schema_version", .text), .init("sql", .text)), of: \.content)])
}
