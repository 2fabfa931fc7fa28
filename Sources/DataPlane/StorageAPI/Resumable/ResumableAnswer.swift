import DataPlaneCore

/// Answers of TUS 1.0.0: headers, and errors as plain text.
enum ResumableAnswer {
    static let version = "1.0.0"
    static let contentType = "application/offset+octet-stream"
    private static let extensions = "creation,creation-with-upload,creation-defer-length,termination,expiration"

    static func options(_ configuration: StorageConfiguration) -> ServiceResponse {
        var response = ServiceResponse(status: 204)
        response.set("Tus-Resumable", version)
        response.set("Tus-Version", version)
        response.set("Tus-Extension", extensions)
        response.set("Tus-Max-Size", String(configuration.fileBytesMax))
        return response
    }

    static func failure(_ error: StorageError) -> ServiceResponse {
        var response = ServiceResponse(status: error.statusCode)
        response.set("Tus-Resumable", version)
        if error.statusCode == 412 { response.set("Tus-Version", version) }
        response.set("Content-Type", "text/plain; charset=utf-8")
        response.body = Array(error.message.utf8)
        return response
    }

    static func made(_ status: Int) -> ServiceResponse {
        var response = ServiceResponse(status: status)
        response.set("Tus-Resumable", version)
        return response
    }
}

extension StorageError {
    static let wrongTusVersion = StorageError(
        412, code: "TusError", message: "The header Tus-Resumable must be \(ResumableAnswer.version)")
    static let noUpload = StorageError(404, code: "NoSuchUpload", message: "The upload was not found")
    static let expiredUpload = StorageError(410, code: "NoSuchUpload", message: "The upload has expired")
    static let wrongOffset = StorageError(409, code: "TusError", message: "Upload-Offset conflict")
    static let wrongOffsetType = StorageError(
        415, code: "TusError", message: "The content type must be \(ResumableAnswer.contentType)")
    static let finishedUpload = StorageError(403, code: "TusError", message: "The upload is finished")
}
