public import ProjectModel

/// What items take.
public struct ContentRoom: Sendable, Equatable {
    public var items: Int
    public var bytes: Int

    public init(items: Int, bytes: Int) {
        self.items = items
        self.bytes = bytes
    }
}

/// Permissions on content, as pure decisions. Every store applies them.
public enum ContentRules {
    /// Whether an account sees an item, given that it sees the project.
    public static func isVisible(_ item: ContentItem, to account: String) -> Bool {
        item.owner.id == account || !item.visibility.isPrivate
    }

    /// The item to store.
    ///
    /// Every viewer of an item may change it, except that only its owner makes it private again or moves it between
    /// folders. Shared items are in no folder.
    ///
    /// - Parameters:
    ///   - known: the item of that identifier, if there is one.
    ///   - folders: identifiers of all folders that the author has in the project.
    public static func merge(
        _ draft: ContentDraft, into known: ContentItem?, folders: Set<String>, by author: ContentAuthor,
        at time: Timestamp
    ) throws(ContentError) -> ContentItem {
        if let known { try check(draft, known: known, author: author) }
        let owner = known?.owner ?? author
        var item = ContentItem(
            id: draft.id, ref: draft.ref, kind: draft.kind, visibility: draft.visibility, name: draft.name,
            summary: draft.summary ?? known?.summary, body: draft.body ?? known?.body ?? "{}",
            isFavorite: draft.isFavorite ?? known?.isFavorite ?? false, folderID: known?.folderID, owner: owner,
            updatedBy: author, insertedAt: known?.insertedAt ?? time, updatedAt: time)
        switch draft.place {
        case .top where owner.id == author.id: item.folderID = nil
        case .folder(let id) where owner.id == author.id:
            guard folders.contains(id) else { throw .noFolder(id) }
            item.folderID = id
        case nil, .top, .folder: break
        }
        if !item.visibility.isPrivate { item.folderID = nil }
        return item
    }

    private static func check(
        _ draft: ContentDraft, known: ContentItem, author: ContentAuthor
    ) throws(ContentError) {
        guard known.ref == draft.ref, isVisible(known, to: author.id) else { throw .taken(draft.id) }
        if draft.visibility.isPrivate, known.owner.id != author.id {
            throw .forbidden("only \(known.owner.username), whose it is, can make this private")
        }
    }

    /// Refuses one item too many, and one that takes more room than it did where there is none.
    ///
    /// - Parameter others: what the project keeps besides the item.
    public static func checkRoom(
        for item: ContentItem, insteadOf known: ContentItem?, beside others: ContentRoom
    ) throws(ContentError) {
        guard known != nil || others.items < ContentLimits.itemsMax else {
            throw .notPossible("a project keeps at most \(ContentLimits.itemsMax) snippets and reports: delete some")
        }
        let isLarger = item.bytes > known?.bytes ?? 0
        guard !isLarger || others.bytes + item.bytes <= ContentLimits.projectBytesMax else {
            throw .notPossible(
                "a project keeps at most \(ContentLimits.projectBytesMax >> 20) MiB of snippets and reports: delete "
                    + "some")
        }
    }

    /// Refuses one folder too many.
    public static func checkFolderCount(_ folders: Int) throws(ContentError) {
        guard folders < ContentLimits.foldersMax else {
            throw .notPossible("you can have at most \(ContentLimits.foldersMax) folders in a project: delete some")
        }
    }
}
