import CCurl
import Glibc

extension CurlEasyHandle {
    /// What libcurl's result code means, with the system's error number where the code alone is too coarse.
    func failure(_ result: CURLcode) -> (code: HTTPTransportError.Code, detail: String) {
        switch result {
        case CURLE_COULDNT_CONNECT: connectFailure()
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: (.unreachable, lastError)
        // Deadlines are the loop's own; what is left to libcurl is connecting and the idle limit.
        case CURLE_OPERATION_TIMEDOUT: fact(CURLINFO_REQUEST_SIZE) > 0 ? (.idleTimedOut, "") : (.connectTimedOut, "")
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE: (.connectionLost, lastError)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            (.malformedResponse, lastError)
        case CURLE_OUT_OF_MEMORY: (.resourceExhausted, lastError)
        case CURLE_URL_MALFORMAT: (.invalidRequest, lastError)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            (.tls, lastError)
        default: (.library, "libcurl \(result.rawValue): \(lastError.isEmpty ? words(result) : lastError)")
        }
    }

    private func connectFailure() -> (HTTPTransportError.Code, String) {
        switch Int32(fact(CURLINFO_OS_ERRNO)) {
        case ENOENT, ENOTDIR: (.socketMissing, "")
        case EACCES, EPERM: (.permissionDenied, "")
        case ECONNREFUSED: (.connectionRefused, "")
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN: (.resourceExhausted, lastError)
        default: (.unreachable, lastError)
        }
    }

    private func words(_ result: CURLcode) -> String {
        String(cString: curl_easy_strerror(result))
    }
}
