public import FileKit

/// Files in a folder of a local file system: `objects/ab/VERSION` are published, `incoming/VERSION` are not.
public struct VolumeFiles: ObjectFiles {
    private let folder: String
    private let workers: FileWorkers

    /// Files below a folder, which is made when it is missing.
    public init(folder: String, workers: FileWorkers = FileWorkers()) async throws(FileError) {
        self.folder = folder
        self.workers = workers
        try await workers.run { () throws(FileError) in
            try DiskFolder.make(folder + "/incoming")
            for shard in 0..<Self.shards { try DiskFolder.make(folder + "/objects/" + Self.name(ofShard: shard)) }
            try DiskFolder.sync(folder + "/objects")
            try DiskFolder.sync(folder)
        }
    }

    private static let shards = 256

    /// The disk's own limit is met when it is written to.
    public var room: Int { .max }

    /// 256, by the first two digits of the version.
    public var shardCount: Int { Self.shards }

    private static func name(ofShard shard: Int) -> String {
        let digits = Array("0123456789abcdef")
        return String([digits[shard >> 4 & 15], digits[shard & 15]])
    }

    fileprivate static func path(_ version: ObjectVersion, in folder: String) -> String {
        "\(folder)/objects/\(version.text.prefix(2))/\(version.text)"
    }

    private func incomingPath(_ version: ObjectVersion) -> String { folder + "/incoming/" + version.text }

    /// A file in `incoming`.
    public func create() async throws(FileError) -> any IncomingFile {
        let version = ObjectVersion.random()
        let path = incomingPath(version)
        let file = try await workers.run { () throws(FileError) in try DiskFile.create(path) }
        return VolumeIncomingFile(version: version, folder: folder, file: file, workers: workers)
    }

    /// A file in `incoming`.
    public func resume(_ version: ObjectVersion) async throws(FileError) -> any IncomingFile {
        let path = incomingPath(version)
        let file = try await workers.run { () throws(FileError) in try DiskFile.writing(path) }
        return VolumeIncomingFile(version: version, folder: folder, file: file, workers: workers)
    }

    /// A file in `objects`.
    public func open(_ version: ObjectVersion) async throws(FileError) -> any PublishedFile {
        let path = Self.path(version, in: folder)
        let workers = workers
        return try await workers.run { () throws(FileError) in
            let file = try DiskFile.reading(path)
            return VolumePublishedFile(size: try file.size(), file: file, workers: workers)
        }
    }

    /// A second name of the same file: it never changes, and lasts until its last name is removed.
    public func duplicate(_ version: ObjectVersion) async throws(FileError) -> ObjectVersion {
        let copy = ObjectVersion.random()
        let (source, target) = (Self.path(version, in: folder), Self.path(copy, in: folder))
        try await workers.run { () throws(FileError) in
            try DiskFolder.link(source, as: target)
            try DiskFolder.sync(String(target.dropLast(copy.text.count + 1)))
        }
        return copy
    }

    /// The bytes are free once nothing reads them.
    @discardableResult
    public func remove(_ version: ObjectVersion) async throws(FileError) -> Int? {
        let path = Self.path(version, in: folder)
        return try await workers.run { () throws(FileError) in try DiskFolder.remove(path) }
    }

    /// Removes a file of `incoming`.
    @discardableResult
    public func discard(_ version: ObjectVersion) async throws(FileError) -> Int? {
        let path = incomingPath(version)
        return try await workers.run { () throws(FileError) in try DiskFolder.remove(path) }
    }

    /// Files of one of the 256 folders.
    public func published(
        inShard shard: Int, unchangedSince time: Double
    ) async throws(FileError) -> [StoredSize] {
        try await files(in: "\(folder)/objects/\(Self.name(ofShard: shard))", unchangedSince: time)
    }

    /// Files of `incoming`.
    public func incoming(unchangedSince time: Double) async throws(FileError) -> [StoredSize] {
        try await files(in: folder + "/incoming", unchangedSince: time)
    }

    private func files(in path: String, unchangedSince time: Double) async throws(FileError) -> [StoredSize] {
        let entries = try await workers.run { () throws(FileError) in try DiskFolder.files(in: path) }
        return entries.compactMap { entry in
            guard entry.changed < time else { return nil }
            return ObjectVersion(entry.name).map { StoredSize(version: $0, bytes: entry.size) }
        }
    }
}

private struct VolumeIncomingFile: IncomingFile {
    let version: ObjectVersion
    let folder: String
    let file: DiskFile
    let workers: FileWorkers

    private var path: String { folder + "/incoming/" + version.text }

    func size() async throws(FileError) -> Int {
        try await workers.run { [file] () throws(FileError) in try file.size() }
    }

    func write(_ bytes: [UInt8], at offset: Int) async throws(FileError) {
        try await workers.run { [file] () throws(FileError) in try file.write(bytes, at: offset) }
    }

    func append(_ version: ObjectVersion, at offset: Int) async throws(FileError) -> Int {
        let source = VolumeFiles.path(version, in: folder)
        return try await workers.run { [file] () throws(FileError) in
            try file.append(try DiskFile.reading(source), at: offset)
        }
    }

    func truncate(to length: Int) async throws(FileError) {
        try await workers.run { [file] () throws(FileError) in try file.truncate(to: length) }
    }

    func sync() async throws(FileError) {
        try await workers.run { [file, folder] () throws(FileError) in
            try file.sync()
            try DiskFolder.sync(folder + "/incoming")
        }
    }

    func publish() async throws(FileError) {
        let (source, target) = (path, VolumeFiles.path(version, in: folder))
        try await workers.run { [file, version] () throws(FileError) in
            try file.sync()
            try DiskFolder.rename(source, to: target)
            try DiskFolder.sync(String(target.dropLast(version.text.count + 1)))
        }
    }

    func discard() async throws(FileError) -> Int? {
        let path = path
        return try await workers.run { () throws(FileError) in try DiskFolder.remove(path) }
    }
}

private struct VolumePublishedFile: PublishedFile {
    let size: Int
    let file: DiskFile
    let workers: FileWorkers

    func read(at offset: Int, upTo count: Int) async throws(FileError) -> [UInt8] {
        try await workers.run { [file] () throws(FileError) in try file.read(at: offset, upTo: count) }
    }
}
