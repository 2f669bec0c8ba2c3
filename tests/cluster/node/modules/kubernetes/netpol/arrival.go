package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// patience is how long a new pod waits for the controller; the kubelet tries again after a failure.
const patience = 15 * time.Second

// announcements has the address of each pod since the CNI chain gave it one: seconds before the API server knows it.
type announcements map[types.UID]string

// arrival is a pod that has an address and may not run yet.
type arrival struct {
	uid     types.UID
	address string
	loaded  chan struct{}
}

// listen takes one line "UID ADDRESS" a connection and answers "ok" when the pod's rules stand.
func listen(socket string, arriving chan<- *arrival) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go serve(connection, arriving)
		}
	}()
}

func serve(connection net.Conn, arriving chan<- *arrival) {
	defer connection.Close()
	var uid, address string
	if _, err := fmt.Fscanln(connection, &uid, &address); err != nil || !isIPv4(address) {
		log.Printf("not an announcement: %q %q: %v", uid, address, err)
		return
	}
	a := &arrival{types.UID(uid), address, make(chan struct{})}
	arriving <- a
	select {
	case <-a.loaded:
		fmt.Fprintln(connection, "ok")
	case <-time.After(patience):
		log.Printf("pod %s with %s is unknown to the API server", uid, address)
	}
}

// answer lets those go whose pods the loaded table knows, forgets pods that are gone, and gives back who still waits.
func (s *state) answer(waiting []*arrival) (still []*arrival) {
	pods, err := s.pods.List(labels.Everything())
	if err != nil {
		return waiting
	}
	known := map[types.UID]bool{}
	for _, pod := range pods {
		known[pod.UID] = true
	}
	pending := map[types.UID]bool{}
	for _, a := range waiting {
		if known[a.uid] && s.rendered[a.uid] == a.address {
			close(a.loaded)
		} else if s.announced[a.uid] == a.address {
			still = append(still, a)
			pending[a.uid] = true
		}
	}
	for uid := range s.announced {
		if !known[uid] && !pending[uid] {
			delete(s.announced, uid)
		}
	}
	return still
}

// request is what the container runtime gives a plugin on its standard input; prevResult is passed on as it is.
type request struct {
	CNIVersion string          `json:"cniVersion"`
	Socket     string          `json:"socket"`
	PrevResult json.RawMessage `json:"prevResult"`
}

// plugin speaks the Container Network Interface (https://www.cni.dev/docs/spec/) as a chained plugin.
func plugin() {
	var asked request
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal(input, &asked)
	}
	command := os.Getenv("CNI_COMMAND")
	if err == nil && command == "ADD" {
		err = announce(asked)
	}
	version := asked.CNIVersion
	switch {
	case err != nil:
		_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": version, "code": 11, "msg": err.Error()})
		os.Exit(1)
	case command == "ADD":
		os.Stdout.Write(asked.PrevResult)
	case command == "VERSION":
		_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": version, "supportedVersions": []string{"0.4.0", "1.0.0"}})
	}
}

func announce(asked request) error {
	var result struct {
		IPs []struct {
			Address string `json:"address"`
		} `json:"ips"`
	}
	if err := json.Unmarshal(asked.PrevResult, &result); err != nil || len(result.IPs) != 1 {
		return fmt.Errorf("expected the one address of a plugin before this one: %v", err)
	}
	address, _, _ := strings.Cut(result.IPs[0].Address, "/")
	uid := ""
	for _, pair := range strings.Split(os.Getenv("CNI_ARGS"), ";") {
		if value, ok := strings.CutPrefix(pair, "K8S_POD_UID="); ok {
			uid = value
		}
	}
	var connection net.Conn
	err := errors.New("CNI_ARGS names no K8S_POD_UID")
	for deadline := time.Now().Add(patience); uid != "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if connection, err = net.Dial("unix", asked.Socket); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	fmt.Fprintln(connection, uid, address)
	var said string
	if _, err := fmt.Fscanln(connection, &said); err != nil || said != "ok" {
		return fmt.Errorf("the rules of pod %s do not stand: %v", uid, err)
	}
	return nil
}
