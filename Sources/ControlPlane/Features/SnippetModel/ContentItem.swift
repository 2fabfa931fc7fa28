public import ProjectModel

/// A SQL snippet or a report of a project, as one account sees it.
public struct ContentItem: Sendable, Equatable {
    /// Identifier, a UUID in lower case, chosen by the client that made it.
    public var id: String
    public var ref: ProjectRef
    /// What it is.
    public var kind: ContentKind
    public var visibility: ContentVisibility
    public var name: String
    /// Its purpose.
    public var summary: String?
    /// The thing itself: a JSON object that only clients understand.
    public var body: String
    /// Whether the viewing account has marked it.
    public var isFavorite: Bool
    /// The owner's folder that it is in; nil for other viewers.
    public var folderID: String?
    public var owner: ContentAuthor
    /// The author of the last change.
    public var updatedBy: ContentAuthor
    /// When it was made.
    public var insertedAt: Timestamp
    /// When it was changed last.
    public var updatedAt: Timestamp

    public init(
        id: String, ref: ProjectRef, kind: ContentKind, visibility: ContentVisibility, name: String,
        summary: String?, body: String, isFavorite: Bool = false, folderID: String? = nil, owner: ContentAuthor,
        updatedBy: ContentAuthor, insertedAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.ref = ref
        self.kind = kind
        self.visibility = visibility
        self.name = name
        self.summary = summary
        self.body = body
        self.isFavorite = isFavorite
        self.folderID = folderID
        self.owner = owner
        self.updatedBy = updatedBy
        self.insertedAt = insertedAt
        self.updatedAt = updatedAt
    }

    /// What it takes of ``ContentLimits/projectBytesMax``.
    public var bytes: Int { name.utf8.count + (summary?.utf8.count ?? 0) + body.utf8.count }

    /// The item as `account` sees it: folders are the owner's own business.
    public func seen(by account: String, isFavorite: Bool) -> ContentItem {
        var item = self
        item.isFavorite = isFavorite
        if owner.id != account { item.folderID = nil }
        return item
    }
}

/// Kinds of content, as Studio names them.
public enum ContentKind: String, Sendable, CaseIterable {
    case sql, report
    case logSQL = "log_sql"
}

/// The visibility of an item. Only `user` is private; all members of the project see the others.
public enum ContentVisibility: String, Sendable, CaseIterable {
    case user, project
    case organization = "org"
    case everyone = "public"

    /// Whether only the owner sees it.
    public var isPrivate: Bool { self == .user }
}

/// The author of an item or of a change, by the name at that time.
public struct ContentAuthor: Sendable, Equatable, Hashable {
    /// The account.
    public var id: String
    public var number: Int64
    /// Its name.
    public var username: String

    public init(id: String, number: Int64, username: String) {
        self.id = id
        self.number = number
        self.username = username
    }
}

/// An item to store: a new one, or the new state of one.
public struct ContentDraft: Sendable, Equatable {
    /// Identifier, a UUID in lower case.
    public var id: String
    public var ref: ProjectRef
    /// What it is.
    public var kind: ContentKind
    public var visibility: ContentVisibility
    public var name: String
    /// What it is for; nil keeps the present one.
    public var summary: String?
    /// The content as JSON; nil keeps the present one.
    public var body: String?
    /// Whether it is marked; nil keeps the mark.
    public var isFavorite: Bool?
    /// Where the owner keeps it; nil leaves it where it is.
    public var place: Place?

    /// The place of an item.
    public enum Place: Sendable, Equatable {
        /// In no folder.
        case top
        /// In a folder of the owner's.
        case folder(String)
    }

    public init(
        id: String, ref: ProjectRef, kind: ContentKind, visibility: ContentVisibility, name: String,
        summary: String? = nil, body: String? = nil, isFavorite: Bool? = nil, place: Place? = nil
    ) {
        self.id = id
        self.ref = ref
        self.kind = kind
        self.visibility = visibility
        self.name = name
        self.summary = summary
        self.body = body
        self.isFavorite = isFavorite
        self.place = place
    }
}
