import DataPlaneCore

enum S3Call {
    static func respond(_ service: StorageService, _ http: ServiceRequest, path: String, body: ServiceBody) async
        -> ServiceResponse
    { service.failure(.noRoute, http) }
}
enum S3Answer {
    static func failure(_ error: StorageError, _ http: ServiceRequest) -> ServiceResponse { error.response }
}
