public import Orchestrator
public import ProjectModel

/// Storage of snippets, reports and their folders. Every method is one transaction and applies ``ContentRules``.
public protocol ContentStore: Sendable {
    /// One page of the items that a query asks for.
    func items(_ query: ContentQuery) async throws(ContentError) -> ContentPage
    /// One item, if `viewer` sees it.
    func item(_ id: String, for viewer: String) async throws(ContentError) -> ContentItem?
    /// How many items match a query on all pages; only `refs`, `kinds` and `name` are applied.
    func count(_ query: ContentQuery) async throws(ContentError) -> ContentCount
    /// Stores an item, new or known.
    func put(
        _ draft: ContentDraft, by author: ContentAuthor, at time: Timestamp
    ) async throws(ContentError) -> ContentItem
    /// Deletes those of `ids` that the account may delete, and gives them.
    func delete(_ ids: [String], of ref: ProjectRef, by account: String) async throws(ContentError) -> [String]
    /// All folders that an account has in a project, by name.
    func folders(of ref: ProjectRef, owner: String) async throws(ContentError) -> [ContentFolder]
    /// Stores a folder, new or known; known ones only of the same owner and project.
    func put(_ folder: ContentFolder) async throws(ContentError) -> ContentFolder
    /// Deletes those of `ids` that are folders of the owner, with everything in them.
    func deleteFolders(_ ids: [String], of ref: ProjectRef, owner: String) async throws(ContentError)
}

/// Bounds of what people can keep.
public enum ContentLimits {
    /// Characters of a name.
    public static let nameLengthMax = 256
    /// Characters of a description.
    public static let summaryLengthMax = 4_096
    /// Bytes of an item's JSON.
    public static let bodyBytesMax = 1_000_000
    /// Items of a project.
    public static let itemsMax = 10_000
    /// Bytes of all items of a project together: names, descriptions and JSON. They are in the manager's own database,
    /// where one project takes no other's room.
    public static let projectBytesMax = 64 << 20
    /// Folders of one account in a project.
    public static let foldersMax = 1_000
    /// How deep folders lie in folders.
    public static let folderDepthMax = 8
    /// Identifiers that one request names.
    public static let idsMax = 100
    /// Bytes of JSON that one page holds, beyond its first item.
    public static let pageBytesMax = 8_388_608
}

/// Why content could not be stored or read.
public enum ContentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The identifier belongs to something that the account does not see or that is kept with another project.
    case taken(String)
    /// There is no such folder among the account's own.
    case noFolder(String)
    /// Not allowed to this account.
    case forbidden(String)
    /// Not possible, with the reason.
    case notPossible(String)
    case store(StoreError)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .taken(let id): "the identifier \(id) is taken: choose another one"
        case .noFolder(let id): "you have no folder \(id) in this project"
        case .forbidden(let text), .notPossible(let text): text
        case .store(let error): "\(error)"
        }
    }
}
