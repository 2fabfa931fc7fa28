public import ProjectModel

/// What holds for functions in every store. Pure: values in, values or a refusal out.
public enum FunctionRules {
    /// Slugs that are no function's: the template's router lies there.
    public static let reservedSlugs: Set<String> = ["main"]

    /// The SHA-256 of bytes as 64 lower-case hexadecimal digits.
    public typealias DigestFunction = @Sendable ([UInt8]) throws(FunctionError) -> String

    /// Checks a slug: a letter, then letters, digits, `_` and `-`.
    public static func checkSlug(_ slug: String) throws(FunctionError) {
        let isSlug = slug.utf8.enumerated().allSatisfy { index, byte in
            let isLetter = (byte | 32) >= UInt8(ascii: "a") && (byte | 32) <= UInt8(ascii: "z")
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            return isLetter || index > 0 && (isDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-"))
        }
        guard isSlug, (1...FunctionLimits.slugCharactersMax).contains(slug.utf8.count) else {
            throw .invalid(
                "a slug is a letter and up to \(FunctionLimits.slugCharactersMax - 1) letters, digits, _ or -")
        }
        guard !reservedSlugs.contains(slug) else { throw .invalid("the slug \(slug) is the router's: choose another") }
    }

    /// Checks a draft and brings it into the form in which it is stored.
    ///
    /// - Parameter newID: identifier of the function if it is a new one.
    public static func deployment(
        _ draft: FunctionDraft, newID: String, digest: DigestFunction
    ) throws(FunctionError) -> FunctionDeployment {
        try checkSlug(draft.slug)
        if let name = draft.name { try checkName(name) }
        let files = try checkFiles(draft.files)
        let paths = Set(files.map(\.path))
        let entrypoint = try chosen(draft.entrypointPath, "entrypoint_path", among: paths)
        var importMap: String?
        if let path = draft.importMapPath { importMap = try chosen(path, "import_map_path", among: paths) }
        // One line a file, as sha256sum writes them, so that no second copy of all content is needed.
        var lines: [String] = []
        for file in files { lines.append("\(try digest(file.bytes))  \(file.path)") }
        lines += ["entrypoint \(entrypoint)", "import map \(importMap ?? "")"]
        return FunctionDeployment(
            slug: draft.slug, name: draft.name, verifyJWT: draft.verifyJWT, entrypointPath: entrypoint,
            importMapPath: importMap, files: files, sha256: try digest(Array(lines.joined(separator: "\n").utf8)),
            newID: newID)
    }

    /// The function that a deployment makes.
    ///
    /// - Parameters:
    ///   - live: the running version, if any: the new one follows it.
    ///   - bundle: the waiting bundle, if any: a function that was only bundled so far keeps its identifier.
    public static func next(
        _ deployment: FunctionDeployment, live: EdgeFunction?, bundle: EdgeFunction?, of ref: ProjectRef,
        at time: Timestamp
    ) -> EdgeFunction {
        let known = live ?? bundle
        return EdgeFunction(
            id: known?.id ?? deployment.newID, ref: ref, slug: deployment.slug,
            name: deployment.name ?? known?.name ?? deployment.slug, version: (live?.version ?? 0) + 1,
            verifyJWT: deployment.verifyJWT ?? known?.verifyJWT ?? true, entrypointPath: deployment.entrypointPath,
            importMapPath: deployment.importMapPath, sha256: deployment.sha256, createdAt: known?.createdAt ?? time,
            updatedAt: time)
    }

    /// Refuses a deployment for which the project has no room.
    ///
    /// - Parameter used: what the project holds without what the deployment replaces.
    public static func checkRoom(_ used: FunctionUse, for deployment: FunctionDeployment) throws(FunctionError) {
        guard used.functions < FunctionLimits.functionsMax else {
            throw .tooMuch("a project has at most \(FunctionLimits.functionsMax) functions: delete some")
        }
        guard used.bytes + deployment.byteCount <= FunctionLimits.projectBytesMax else {
            throw .tooMuch(
                "the functions of a project have at most \(FunctionLimits.projectBytesMax >> 20) MiB: delete some")
        }
    }

    /// What an update makes of a function.
    ///
    /// - Parameters:
    ///   - paths: paths of the files of what runs, or of the bundle when the update means that.
    public static func updated(
        _ update: FunctionUpdate, live: EdgeFunction?, bundle: EdgeFunction?,
        paths: [FunctionStage: Set<String>], at time: Timestamp
    ) throws(FunctionError) -> FunctionChange {
        let stage = try meant(update, live: live, bundle: bundle)
        guard let before = stage == .live ? live : bundle else { throw .notFound(slug: update.slug) }
        if let sha256 = update.sha256, sha256 != before.sha256 {
            throw .invalid("version \(before.version) of function \(before.slug) has another hash: deploy again")
        }
        var after = before
        if let name = update.name {
            try checkName(name)
            after.name = name
        }
        after.verifyJWT = update.verifyJWT ?? before.verifyJWT
        let paths = paths[stage] ?? []
        if let path = update.entrypointPath {
            after.entrypointPath = try chosen(path, "entrypoint_path", among: paths)
        }
        if let path = update.importMapPath { after.importMapPath = try chosen(path, "import_map_path", among: paths) }
        // What changes nothing leaves the copy in the folder alone, too.
        if stage == .bundle || after != before { after.updatedAt = time }
        return FunctionChange(from: stage, function: after)
    }

    private static func meant(
        _ update: FunctionUpdate, live: EdgeFunction?, bundle: EdgeFunction?
    ) throws(FunctionError) -> FunctionStage {
        guard let version = update.version else { return .live }
        if live == nil && bundle == nil { return .live }
        if version == live?.version { return .live }
        if version == bundle?.version { return .bundle }
        throw .invalid("version \(version) of function \(update.slug) was not uploaded, or another one came after it")
    }

    private static func checkName(_ name: String) throws(FunctionError) {
        let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard isPlain, (1...FunctionLimits.nameCharactersMax).contains(name.unicodeScalars.count) else {
            throw .invalid("a function's name has 1 to \(FunctionLimits.nameCharactersMax) characters")
        }
    }

    private static func checkFiles(_ files: [FunctionFile]) throws(FunctionError) -> [FunctionFile] {
        guard (1...FunctionLimits.filesMax).contains(files.count) else {
            throw .invalid("a function has 1 to \(FunctionLimits.filesMax) files")
        }
        guard files.reduce(0, { $0 + $1.bytes.count }) <= FunctionLimits.bytesMax else {
            throw .invalid("the files of a function have at most \(FunctionLimits.bytesMax >> 20) MiB together")
        }
        var cleaned: [String: FunctionFile] = [:]
        for file in files {
            let path = try FunctionPath.cleaned(file.path)
            guard cleaned[path] == nil else { throw .invalid("the file \(FunctionPath.quoted(path)) comes twice") }
            cleaned[path] = FunctionFile(path: path, bytes: file.bytes)
        }
        if let path = FunctionPath.conflict(cleaned.keys.sorted()) {
            throw .invalid("the file \(FunctionPath.quoted(path)) lies in what is a file itself")
        }
        return cleaned.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private static func chosen(
        _ text: String, _ field: String, among paths: Set<String>
    ) throws(FunctionError) -> String {
        let path = try FunctionPath.cleaned(text)
        guard paths.contains(path) else {
            throw .invalid("\(field) is \(FunctionPath.quoted(path)), which is none of the function's files")
        }
        return path
    }
}
