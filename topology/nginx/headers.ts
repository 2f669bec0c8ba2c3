/** What nginx tells whoever it passes a request to, whatever the client has claimed. */
export const proxyHeaders = `    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $client_address;
    proxy_set_header X-Forwarded-Proto $client_scheme;
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Frappe-Site-Name $site;
`;
