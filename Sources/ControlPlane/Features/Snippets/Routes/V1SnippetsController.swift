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
                operation: Operation(summary: "One SQL snippet", answer: .json(V1Snippet.fullSchema)), handler: read),
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
            projects[item.ref].map { V1Snippet(item, of: $0, withContent: false) }
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
        return try APIResponse(json: V1Snippet(item, of: record, withContent: true))
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
struct V1Snippet: Encodable, Sendable {
    let id: String
    let insertedAt: String
    let updatedAt: String
    let type: String
    let visibility: String
    let name: String
    let description: Nullable<String>
    let project: Project
    let owner: AuthorRow
    let updatedBy: AuthorRow
    let favorite: Bool
    let content: JSON?

    /// The project that it is kept with.
    struct Project: Encodable, Sendable {
        let id: Int64
        let name: String
    }

    init(_ item: ContentItem, of record: ProjectRecord, withContent: Bool) {
        id = item.id
        insertedAt = item.insertedAt.rfc3339
        updatedAt = item.updatedAt.rfc3339
        type = item.kind.rawValue
        visibility = item.visibility.rawValue
        name = item.name
        description = Nullable(item.summary)
        project = Project(id: record.number, name: record.name.text)
        owner = AuthorRow(item.owner)
        updatedBy = AuthorRow(item.updatedBy)
        favorite = item.isFavorite
        // Spelt out: a bare nil would be the JSON value null.
        content = withContent ? Self.content(item) : JSON?.none
    }

    /// The contract wants a version and the SQL; snippets that Studio made have both.
    private static func content(_ item: ContentItem) -> JSON {
        var fields: [String: JSON] = ["schema_version": "1.0", "sql": ""]
        guard case .object(let known) = item.json else { return .object(fields) }
        // What is no text where a text belongs is left out: the strict client would refuse the whole answer.
        fields.merge(known) { standard, value in if case .string = value { value } else { standard } }
        return .object(fields)
    }

    static let schema = Schema.named("Snippet", .object(fields))

    static let fullSchema = Schema.named(
        "SnippetWithContent",
        Schema.object(fields).adding([
            .init("content", .fields(.init("schema_version", .text), .init("sql", .text)))
        ]))

    private static let fields: [Schema.Field] = [
        .init("id", .uuid), .init("inserted_at", .time), .init("updated_at", .time), .init("type", .choice(["sql"])),
        .init("visibility", .choice(ContentVisibility.allCases.map(\.rawValue))), .init("name", .text),
        .init("description", .nullable(.text)),
        .init("project", .fields(.init("id", .integer()), .init("name", .text))),
        .init("owner", AuthorRow.schema), .init("updated_by", AuthorRow.schema), .init("favorite", .boolean),
    ]

    enum CodingKeys: String, CodingKey {
        case id, type, visibility, name, description, project, owner, favorite, content
        case insertedAt = "inserted_at"
        case updatedAt = "updated_at"
        case updatedBy = "updated_by"
    }
}
