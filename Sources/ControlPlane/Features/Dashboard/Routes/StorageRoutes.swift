import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator

/// The buckets of a project, and the folders and files in one.
struct StorageRoutes: Sendable {
    let frame: ProjectPages

    static let path = "\(ProjectRoutes.path)/storage"

    /// Entries of a folder that a page lists.
    private static let pageEntries = 100
    private static let pageMax = 100_000
    /// Seconds that a link for a download works.
    private static let linkLife: Int64 = 60

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.storageRead),
                operation: .page("The buckets and files of a project", query: ["bucket", "folder", "page"])
            ) { try await show($0, Place($0.query)) },
            Route(
                .get, "\(Self.path)/download", access: .permission(.storageRead),
                operation: .page("A file, by a signed address", query: ["bucket", "path"]), handler: download),
            change("/buckets", summary: "Create a bucket", handler: createBucket),
            change("/empty", summary: "Empty a bucket", handler: emptyBucket),
            change("/bucket/delete", summary: "Delete a bucket", handler: deleteBucket),
            change("/delete", summary: "Delete files", handler: deleteFile),
            Route(
                .post, "\(Self.path)/upload", access: .permission(.storageWrite),
                operation: Operation(
                    summary: "Upload a file", body: .other("multipart/form-data"), answer: .empty(.seeOther)),
                handler: upload
            ).lasting(.minutes),
        ]
    }

    private func change(_ suffix: String, summary: String, handler: @escaping Route.Handler) -> Route {
        Route(
            .post, Self.path + suffix, access: .permission(.storageWrite), operation: .form(summary), handler: handler)
    }

    /// A folder of a bucket.
    struct Place: Sendable, Equatable {
        let bucket: String?
        /// Without a slash at either end; empty for the top.
        let folder: String

        init(bucket: String?, folder: String) {
            self.bucket = bucket.flatMap { $0.isEmpty ? nil : $0 }
            self.folder = folder.split(separator: "/").joined(separator: "/")
        }

        init(_ query: QueryParameters) { self.init(bucket: query["bucket"], folder: query["folder"] ?? "") }

        init(_ form: FormFields) { self.init(bucket: form["bucket"], folder: form["folder"] ?? "") }

        func path(of name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }

        var query: String {
            PagePath.query(
                [("bucket", bucket ?? "")].filter { !$0.1.isEmpty } + (folder.isEmpty ? [] : [("folder", folder)]))
        }

        /// The folders above, outermost first, each with its query.
        var trail: PageValue {
            var above = ""
            return .list(
                folder.split(separator: "/").map { part in
                    above = above.isEmpty ? String(part) : "\(above)/\(part)"
                    return .object([
                        "name": .visible(String(part)),
                        "query": .text(Place(bucket: bucket, folder: above).query),
                    ])
                })
        }
    }

    private func show(_ request: APIRequest, _ place: Place, problem: APIError? = nil) async throws -> APIResponse {
        let ref = try request.ref()
        let buckets = try await frame.calls.json(.get, "/v1/projects/\(ref)/storage/buckets", for: request)
        let known = (buckets.elements ?? []).map { bucket in
            let id = bucket["id"]?.text ?? ""
            return PageValue(bucket).adding([
                "is_chosen": .flag(id == place.bucket),
                "query": .text(Place(bucket: id, folder: "").query),
                "limit": .visible(Self.number(bucket["file_size_limit"]).map(PageText.bytes)),
            ])
        }
        var fields: [String: PageValue] = [
            "buckets": .list(known), "problem": .visible(problem?.message),
            "can_write": .flag(try frame.granted(request).contains(.storageWrite)),
            "upload_max": .text(PageText.bytes(Int64(MultipartBody.uploadBytesMax))),
        ]
        if let bucket = place.bucket {
            fields["bucket"] = .visible(bucket)
            fields["folder"] = .visible(place.folder)
            fields["top_query"] = .text(Place(bucket: bucket, folder: "").query)
            fields["trail"] = place.trail
            fields.merge(try await entries(of: bucket, in: place, for: request)) { $1 }
        }
        return try await frame.page(
            "storage", in: .storage, title: "Storage", fields, for: request, status: problem?.status ?? .ok)
    }

    private func entries(of bucket: String, in place: Place, for request: APIRequest) async throws -> [String:
        PageValue]
    {
        let page = try request.query.number("page", in: 0...Self.pageMax, default: 0)
        let body: JSON = [
            "path": .string(place.folder),
            "options": [
                "limit": .integer(Int64(Self.pageEntries + 1)), "offset": .integer(Int64(page * Self.pageEntries)),
                "sortBy": ["column": "name", "order": "asc"],
            ],
        ]
        let path = try Self.objects(of: bucket, request) + "/list"
        let found = try await frame.calls.json(.post, path, body: body, for: request).elements ?? []
        var fields: [String: PageValue] = [
            "entries": .list(found.prefix(Self.pageEntries).map { Self.entry($0, place) }),
            "is_empty": .flag(found.isEmpty),
        ]
        let separator = place.query + "&page="
        if page > 0 { fields["previous"] = .text(separator + "\(page - 1)") }
        if found.count > Self.pageEntries { fields["next"] = .text(separator + "\(page + 1)") }
        return fields
    }

    private static func entry(_ json: JSON, _ place: Place) -> PageValue {
        let name = json["name"]?.text ?? ""
        guard json["id"]?.text != nil else {
            return .object([
                "name": .visible(name), "is_folder": true,
                "query": .text(Place(bucket: place.bucket, folder: place.path(of: name)).query),
            ])
        }
        let path = place.path(of: name)
        return .object([
            "name": .visible(name), "is_folder": false, "path": .text(path),
            "size": .visible(number(json["metadata"]?["size"]).map(PageText.bytes)),
            "type": .visible(json["metadata"]?["mimetype"]?.text),
            "changed": .visible(json["updated_at"]?.text.flatMap(PageText.time)),
            "download": .text(PagePath.query([("bucket", place.bucket ?? ""), ("path", path)])),
        ])
    }

    private static func number(_ json: JSON?) -> Int64? {
        switch json {
        case .integer(let value)?: value
        case .string(let text)?: Int64(text)
        default: nil
        }
    }

    private static func bucketPath(_ bucket: String, _ request: APIRequest) throws -> String {
        "/platform/storage/\(try request.ref())/buckets/\(GatewayRequest.encoded(bucket))"
    }

    private static func objects(of bucket: String, _ request: APIRequest) throws -> String {
        "\(try bucketPath(bucket, request))/objects"
    }

    /// Leads to the file itself, at the project's own address, where it cannot act as one of the manager's pages.
    private func download(_ request: APIRequest) async throws -> APIResponse {
        guard let bucket = request.query["bucket"], let path = request.query["path"], !bucket.isEmpty else {
            throw APIError(.notFound, "the path names no file")
        }
        let signed = try await frame.calls.json(
            .post, try Self.objects(of: bucket, request) + "/sign",
            body: ["path": .string(path), "expiresIn": .integer(Self.linkLife)], for: request)
        guard let address = signed["signedUrl"]?.text else {
            throw APIError.unavailable("the project's storage signed nothing")
        }
        return frame.pages.see(address)
    }

    // MARK: Changes

    private func createBucket(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let name = form.trimmed("name")
        let body: JSON = ["id": .string(name), "public": .boolean(form["public"] == "1")]
        return try await change(request, back: Place(bucket: nil, folder: "")) {
            _ = try await frame.calls.send(
                .post, "/platform/storage/\(try request.ref())/buckets", body: body, for: request)
        }
    }

    private func emptyBucket(_ request: APIRequest) async throws -> APIResponse {
        let place = Place(try request.form())
        return try await change(request, back: Place(bucket: place.bucket, folder: "")) {
            let path = try Self.bucketPath(try Self.required(place), request)
            _ = try await frame.calls.send(.post, "\(path)/empty", for: request)
        }
    }

    private func deleteBucket(_ request: APIRequest) async throws -> APIResponse {
        let place = Place(try request.form())
        return try await change(request, back: place, after: Place(bucket: nil, folder: "")) {
            _ = try await frame.calls.send(
                .delete, try Self.bucketPath(try Self.required(place), request), for: request)
        }
    }

    private func deleteFile(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let place = Place(form)
        return try await change(request, back: place) {
            let path = try Self.objects(of: try Self.required(place), request)
            _ = try await frame.calls.send(
                .delete, path, body: ["paths": .array([.string(form["path"] ?? "")])], for: request)
        }
    }

    private func upload(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.multipart()
        let place = Place(bucket: form["bucket"], folder: form["folder"] ?? "")
        return try await change(request, back: place) {
            guard let file = form.file("file"), let name = file.fileName.flatMap(Self.baseName) else {
                throw APIError(.badRequest, "choose a file to upload")
            }
            let query = PagePath.query([
                ("path", place.path(of: name)), ("upsert", form["replace"] == "1" ? "true" : "false"),
            ])
            _ = try await frame.calls.upload(
                try Self.objects(of: try Self.required(place), request) + query, file, for: request)
        }
    }

    /// The last part of a file's name: some browsers send folders before it.
    static func baseName(_ name: String) -> String? {
        name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init)
    }

    private static func required(_ place: Place) throws -> String {
        guard let bucket = place.bucket else { throw APIError(.notFound, "the form names no bucket") }
        return bucket
    }

    /// Does something, and shows the place where it was asked for: with the refusal where there was one.
    private func change(
        _ request: APIRequest, back: Place, after: Place? = nil, _ work: () async throws -> Void
    ) async throws -> APIResponse {
        do { try await work() } catch {
            return try await show(request, back, problem: try APIError.refusal(error))
        }
        return try frame.see("/storage\((after ?? back).query)", of: request)
    }
}
