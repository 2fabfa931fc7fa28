import APIKit
import HTTPTypes
import Orchestrator
import ProjectModel
import SnippetModel

/// The query of every list of snippets.
enum ContentQueryParameters {
    /// Longest accepted search text in bytes.
    static let nameLengthMax = 256

    static let paging: [Operation.Parameter] = [
        .limit, Operation.Parameter(name: "cursor", schema: .text, description: "What the page before answered"),
        Operation.Parameter(
            name: "sort_by", schema: .choice(ContentQuery.Sort.allCases.map(\.rawValue)), description: "Order"),
        Operation.Parameter(
            name: "sort_order", schema: .choice(Direction.allCases.map(\.rawValue)), description: "Direction"),
    ]

    static let filters: [Operation.Parameter] = [
        Operation.Parameter(
            name: "type", schema: .array(.choice(ContentKind.allCases.map(\.rawValue))), description: "Kinds to list"),
        Operation.Parameter(name: "name", schema: .text(0...nameLengthMax), description: "Part of the name"),
    ]

    static let all: [Operation.Parameter] =
        paging + filters + [
            Operation.Parameter(
                name: "visibility", schema: .array(.choice(ContentVisibility.allCases.map(\.rawValue))),
                description: "Visibilities to list"),
            Operation.Parameter(name: "favorite", schema: .boolean, description: "Whether you have marked them"),
        ]

    static let ids = Operation.Parameter(
        name: "ids", schema: .array(.uuid), description: "Those meant: separated by commas, or repeated",
        isRequired: true)

    private enum Direction: String, CaseIterable {
        case asc, desc
    }

    /// Reads the query; 400 for an invalid one.
    static func parse(
        _ query: QueryParameters, viewer: String, refs: [ProjectRef]
    ) throws(APIError) -> ContentQuery {
        var result = ContentQuery(viewer: viewer, refs: refs)
        result.limit = try query.number("limit", in: 1...ContentQuery.limitMax, default: ContentQuery.limitMax)
        result.sort = try query.word("sort_by", default: ContentQuery.Sort.insertedAt)
        let standard: Direction = result.sort == .name ? .asc : .desc
        result.isDescending = try query.word("sort_order", default: standard) == .desc
        result.kinds = try query.words("type", ContentKind.self)
        result.visibilities = try query.words("visibility", ContentVisibility.self)
        if query["favorite"]?.isEmpty == false { result.isFavorite = try query.flag("favorite", default: false) }
        result.name = try name(query)
        if let text = query["cursor"], !text.isEmpty {
            guard let cursor = ContentCursor(text, in: result.sort) else {
                throw APIError(.badRequest, "cursor must be one that a page in this order answered")
            }
            result.cursor = cursor
        }
        return result
    }

    private static func name(_ query: QueryParameters) throws(APIError) -> String? {
        guard let name = query["name"], !name.isEmpty else { return nil }
        guard name.utf8.count <= nameLengthMax, !name.utf8.contains(0) else {
            throw APIError(.badRequest, "name must be at most \(nameLengthMax) bytes of text")
        }
        return name
    }
}
