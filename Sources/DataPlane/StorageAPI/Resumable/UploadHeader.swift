import DataPlaneCore

/// The header `Upload-Metadata` of TUS 1.0.0: names with values in base64.
struct UploadHeader: Sendable, Equatable {
    /// As it came: it is given back.
    var text: String
    private var values: [String: String] = [:]

    init(_ text: String) throws(StorageError) {
        self.text = text
        for pair in text.split(separator: ",") {
            let parts = pair.trimmed.split(separator: " ", maxSplits: 1)
            guard let name = parts.first else { continue }
            guard parts.count > 1 else {
                values[String(name)] = ""
                continue
            }
            guard let value = Base64Text.text(parts[1].trimmed) else { throw .badParameter("Upload-Metadata") }
            values[String(name)] = value
        }
    }

    /// The object that is uploaded.
    func path() throws(StorageError) -> ObjectPath {
        guard let bucket = values["bucketName"] else { throw .missingParameter("bucketName") }
        guard let key = values["objectName"] else { throw .missingParameter("objectName") }
        return try ObjectPath(bucket: bucket, key: key)
    }

    /// What is said about it.
    func details() throws(StorageError) -> UploadDetails {
        var details = UploadDetails()
        details.type = MIMETypes.stored(values["contentType"] ?? values["filetype"])
        if let seconds = values["cacheControl"] { details.cacheControl = UploadDetails.cacheControl(seconds: seconds) }
        if let metadata = values["metadata"], !metadata.isEmpty {
            details.userMetadata = try UploadDetails.metadata(Array(metadata.utf8))
        }
        return details
    }
}

/// Names an upload in addresses: base64 of bucket, key and version.
struct UploadID: Sendable, Equatable {
    var path: ObjectPath
    var version: ObjectVersion

    init(path: ObjectPath, version: ObjectVersion) {
        self.path = path
        self.version = version
    }

    init?(_ text: String) {
        guard let whole = Base64Text.text(text), let slash = whole.firstIndex(of: "/"),
            let last = whole.lastIndex(of: "/"), slash < last,
            let version = ObjectVersion(String(whole[whole.index(after: last)...])),
            let path = try? ObjectPath(
                bucket: String(whole[..<slash]), key: String(whole[whole.index(after: slash)..<last]))
        else { return nil }
        self.init(path: path, version: version)
    }

    /// Without padding, fit for a path.
    var text: String {
        Base64Text.encode(path.text + "/" + version.text)
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
