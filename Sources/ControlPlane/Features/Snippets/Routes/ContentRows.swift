import APIKit
import Orchestrator
import ProjectModel
import SnippetModel

/// A snippet or report as Studio reads it.
struct ContentRow: Encodable, Sendable, Documented {
    let id: String
    let name: String
    let type: String
    let visibility: String
    /// Left out of the lists of folders, which only show names.
    let content: JSON?
    let description: Nullable<String>
    let favorite: Bool
    let folderID: Nullable<String>
    let insertedAt: String
    let updatedAt: String
    let ownerID: Int64
    let projectID: Int64
    let lastUpdatedBy: Int64
    let owner: AuthorRow
    let updatedBy: AuthorRow

    /// `project` is the number of the project.
    init(_ item: ContentItem, project: Int64, withContent: Bool = true) {
        id = item.id
        name = item.name
        type = item.kind.rawValue
        visibility = item.visibility.rawValue
        // Spelt out: a bare nil would be the JSON value null.
        content = withContent ? item.json : JSON?.none
        description = Nullable(item.summary)
        favorite = item.isFavorite
        folderID = Nullable(item.folderID)
        insertedAt = item.insertedAt.rfc3339
        updatedAt = item.updatedAt.rfc3339
        ownerID = item.owner.number
        projectID = project
        lastUpdatedBy = item.updatedBy.number
        owner = AuthorRow(item.owner)
        updatedBy = AuthorRow(item.updatedBy)
    }

    static let schema = Schema.named(
        "Content",
        .fields(
            .init("id", .uuid), .init("name", .text), .init("type", .choice(ContentKind.allCases.map(\.rawValue))),
            .init("visibility", .choice(ContentVisibility.allCases.map(\.rawValue))),
            .optional("content", .map(.anything)), .init("description", .nullable(.text)),
            .init("favorite", .boolean), .init("folder_id", .nullable(.uuid)), .init("inserted_at", .time),
            .init("updated_at", .time), .init("owner_id", .integer()), .init("project_id", .integer()),
            .init("last_updated_by", .integer()), .init("owner", AuthorRow.schema),
            .init("updated_by", AuthorRow.schema)))

    enum CodingKeys: String, CodingKey {
        case id, name, type, visibility, content, description, favorite, owner
        case folderID = "folder_id"
        case insertedAt = "inserted_at"
        case updatedAt = "updated_at"
        case ownerID = "owner_id"
        case projectID = "project_id"
        case lastUpdatedBy = "last_updated_by"
        case updatedBy = "updated_by"
    }
}

/// The author of an item.
struct AuthorRow: Encodable, Sendable, Documented {
    let id: Int64
    let username: String

    init(_ author: ContentAuthor) {
        id = author.number
        username = author.username
    }

    static let schema = Schema.named("Author", .fields(.init("id", .integer()), .init("username", .text)))
}

/// A folder as Studio reads it.
struct ContentFolderRow: Encodable, Sendable, Documented {
    let id: String
    let name: String
    let ownerID: Int64
    let parentID: Nullable<String>
    let projectID: Int64

    init(_ folder: ContentFolder, project: Int64) {
        id = folder.id
        name = folder.name
        ownerID = folder.owner.number
        parentID = Nullable(folder.parentID)
        projectID = project
    }

    static let schema = Schema.named(
        "ContentFolder",
        .fields(
            .init("id", .uuid), .init("name", .text), .init("owner_id", .integer()),
            .init("parent_id", .nullable(.uuid)), .init("project_id", .integer())))

    enum CodingKeys: String, CodingKey {
        case id, name
        case ownerID = "owner_id"
        case parentID = "parent_id"
        case projectID = "project_id"
    }
}

/// One page of anything that is paged by a cursor.
struct CursorPage<Rows: Encodable & Sendable>: Encodable, Sendable {
    let data: Rows
    /// Absent on the last page.
    let cursor: String?

    /// The schema of a page whose rows have this one.
    static func schema(_ rows: Schema) -> Schema { .fields(.init("data", rows), .optional("cursor", .text)) }
}

/// The content of a folder, or of none.
struct ContentFolderListing: Encodable, Sendable, Documented {
    let folders: [ContentFolderRow]
    let contents: [ContentRow]

    static let schema = Schema.fields(
        .init("folders", .array(ContentFolderRow.schema)), .init("contents", .array(ContentRow.schema)))
}

/// How many there are.
struct ContentCountBody: Encodable, Sendable, Documented {
    let favorites: Int
    let `private`: Int
    let shared: Int

    init(_ count: ContentCount) {
        favorites = count.favorites
        `private` = count.owned
        shared = count.shared
    }

    static let schema = Schema.named(
        "ContentCount",
        .fields(.init("favorites", .integer()), .init("private", .integer()), .init("shared", .integer())))
}

extension ContentItem {
    /// The inner object; an empty one for a text that is no JSON, which none is that came in here.
    var json: JSON { JSON(bytes: Array(body.utf8), limits: .stored) ?? .object([:]) }
}
