import APIKit
import Orchestrator
import ProjectModel
import SnippetModel

/// A snippet or report as Studio reads it.
struct ContentRow: EncodableBody {
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

    static let shape = BodyShape<Self>(
        "Content",
        [
            .init("id", .uuid, of: \.id),
            .init("name", of: \.name),
            .init("type", .choice(ContentKind.allCases.map(\.rawValue)), of: \.type),
            .init("visibility", .choice(ContentVisibility.allCases.map(\.rawValue)), of: \.visibility),
            .optional("content", .map(.anything), of: \.content),
            .init("description", of: \.description),
            .init("favorite", of: \.favorite),
            .init("folder_id", .uuid, of: \.folderID),
            .init("inserted_at", .time, of: \.insertedAt),
            .init("updated_at", .time, of: \.updatedAt),
            .init("owner_id", of: \.ownerID),
            .init("project_id", of: \.projectID),
            .init("last_updated_by", of: \.lastUpdatedBy),
            .init("owner", of: \.owner),
            .init("updated_by", of: \.updatedBy),
        ])
}

/// The author of an item.
struct AuthorRow: EncodableBody {
    let author: ContentAuthor

    init(_ author: ContentAuthor) { self.author = author }

    static let shape = BodyShape<Self>(
        "Author",
        [
            .init("id", of: \.author.number),
            .init("username", of: \.author.username),
        ])
}

/// A folder as Studio reads it.
struct ContentFolderRow: EncodableBody {
    let folder: ContentFolder
    let project: Int64

    init(_ folder: ContentFolder, project: Int64) {
        self.folder = folder
        self.project = project
    }

    static let shape = BodyShape<Self>(
        "ContentFolder",
        [
            .init("id", .uuid, of: \.folder.id),
            .init("name", of: \.folder.name),
            .init("owner_id", of: \.folder.owner.number),
            .nullable("parent_id", .uuid, of: \.folder.parentID),
            .init("project_id", of: \.project),
        ])
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
struct ContentFolderListing: EncodableBody {
    let folders: [ContentFolderRow]
    let contents: [ContentRow]

    static let shape = BodyShape<Self>([
        .init("folders", of: \.folders),
        .init("contents", of: \.contents),
    ])
}

/// How many there are.
struct ContentCountBody: EncodableBody {
    let count: ContentCount

    init(_ count: ContentCount) { self.count = count }

    static let shape = BodyShape<Self>(
        "ContentCount",
        [
            .init("favorites", of: \.count.favorites),
            .init("private", of: \.count.owned),
            .init("shared", of: \.count.shared),
        ])
}

extension ContentItem {
    /// The inner object; an empty one for a text that is no JSON, which none is that came in here.
    var json: JSON { JSON(bytes: Array(body.utf8), limits: .stored) ?? .object([:]) }
}
