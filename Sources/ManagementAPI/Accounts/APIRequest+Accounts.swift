import HTTPTypes
import Identity

extension APIRequest {
    /// Who asks, if they asked with a credential that stands for their whole account; 403 for a scoped token, which
    /// must not reach beyond what it was made for.
    func wholeAccount() throws(APIError) -> Principal {
        let caller = try caller()
        guard case .scopedToken = caller.credential else { return caller }
        throw APIError(
            .forbidden, "a scoped access token cannot do this: sign in, or use a personal access token")
    }
}
