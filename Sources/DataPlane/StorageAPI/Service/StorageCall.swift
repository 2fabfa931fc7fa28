import DataPlaneCore

/// One request of the REST endpoints. What belongs to an endpoint is in an extension of its own.
struct StorageCall {
    let service: StorageService
    let http: ServiceRequest
    let caller: Caller
    let body: ServiceBody

    var configuration: StorageConfiguration { service.configuration }
    var database: StorageDatabase { service.database }
    var isServiceRole: Bool { caller.role == configuration.serviceRole }

    func scope(_ operation: String) -> RequestScope {
        RequestScope(caller: caller, operation: operation, http: http)
    }

    /// Answers by the endpoint's own part.
    func answer(_ route: StorageRoute) async throws -> ServiceResponse {
        switch route {
        case .buckets: try await listBuckets()
        case .createBucket: try await createBucket()
        case .bucket(let id): try await bucket(id)
        case .updateBucket(let id): try await updateBucket(id)
        case .emptyBucket(let id): try await emptyBucket(id)
        case .deleteBucket(let id): try await deleteBucket(id)
        case .upload(let path, let replaces): try await upload(path, replaces: replaces)
        case .download(let path, let access): try await download(path, access)
        case .info(let path, let access): try await info(path, access)
        case .delete(let path): try await delete(path)
        case .deleteMany(let bucket): try await deleteMany(in: bucket)
        case .list(let bucket): try await list(bucket)
        case .listV2(let bucket): try await listV2(bucket)
        case .move: try await move()
        case .copy: try await copy()
        case .sign(let path): try await sign(path)
        case .signMany(let bucket): try await signMany(in: bucket)
        case .signUpload(let path): try await signUpload(path)
        case .uploadSigned(let path): try await uploadSigned(path)
        case .credentials: try await listCredentials()
        case .createCredential: try await createCredential()
        case .deleteCredential(let id): try await deleteCredential(id)
        case .image(let path, let access): try await image(path, access)
        case .status, .resumable, .s3: throw StorageError.noRoute
        }
    }

    /// The body as JSON; one that is empty is an empty object.
    func json() throws(StorageError) -> JSONText {
        guard !http.body.isEmpty else { return .object([]) }
        do throws(JSONText.Failure) {
            return try JSONText(http.body)
        } catch { throw .badRequest("The body is not valid JSON") }
    }

    /// The first value of a parameter of the query.
    func query(_ name: String) -> String? {
        PathCoding.query(http.query).first { $0.name == name }?.value
    }

    /// An answer whose body the database has made.
    static func response(document: String) -> ServiceResponse {
        var response = ServiceResponse(status: 200)
        response.body = Array(document.utf8)
        response.set("Content-Type", "application/json")
        return response
    }

    static func response(_ members: JSONText.Member...) -> ServiceResponse {
        ServiceResponse(status: 200, json: .object(members))
    }

    static func message(_ text: String) -> ServiceResponse { response(.init("message", .string(text))) }
}
