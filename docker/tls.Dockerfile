# nginx of Debian's packages in front of the server: TLS with the certificate in /certs, or one that it makes for itself.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light openssl \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/default && install -d -o www-data -g www-data /certs
COPY docker/tls.conf /etc/nginx/nginx.conf
COPY docker/tls-start /usr/local/bin/tls-start
USER www-data
VOLUME ["/certs"]
EXPOSE 8443
CMD ["sh", "/usr/local/bin/tls-start"]
